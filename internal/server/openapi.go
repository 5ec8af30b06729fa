package server

import (
	_ "embed"
	"net/http"
)

// openAPI describes the calls for programs that speak HTTP and JSON. It is
// generated from the contract, by a test:
//
//	GROMA_TEST_OPENAPI=1 go test ./internal/server -run OpenAPI -update
//
//go:embed openapi.yaml
var openAPI []byte

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(openAPI) // of a client who has gone
}
