package engine

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"groma/internal/conceal"
)

// TestDiscreet: what a server says of a call that failed is without what it was
// told, and is the same failure.
func TestDiscreet(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		said, _ := metadata.FromIncomingContext(stream.Context())
		return status.Errorf(codes.PermissionDenied, "you said %v", said.Get("authorization"))
	}))
	go server.Serve(listener)
	defer server.Stop()
	options := append(discreet(conceal.Words("marked-token")), grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(listener.Addr().String(), options...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for word, want := range map[string]string{"marked-token": "you said [Bearer [secret]]", "other": "you said [Bearer other]"} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+word)
		err := conn.Invoke(ctx, "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{})
		if said := status.Convert(err); said.Code() != codes.PermissionDenied || said.Message() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestToldNATS: each login is taken out of what a server says.
func TestToldNATS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	text := "-----BEGIN NATS USER JWT-----\nmarked-jwt.marked-claims.marked-signature\n------END NATS USER JWT------\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"marked-token":     {NATSLogin: NATSLogin{Token: SecretText("marked-token")}},
		"marked-password":  {NATSLogin: NATSLogin{User: "u", Password: SecretText("marked-password")}},
		"marked-user":      {NATS: "nats://marked-user@a.example"},
		"marked-second":    {NATS: "nats://a.example, nats://u:marked-second@b.example"},
		"marked-signature": {NATSLogin: NATSLogin{Credentials: file}},
	} {
		var log strings.Builder
		options := nats.Options{}
		for _, set := range natsHandlers(slog.New(slog.NewTextHandler(&log, nil)), c.toldNATS) {
			if err := set(&options); err != nil {
				t.Fatal(err)
			}
		}
		options.AsyncErrorCB(nil, nil, fmt.Errorf("you said %s", name))
		options.DisconnectedErrCB(nil, fmt.Errorf("you said %s", name))
		if strings.Contains(log.String(), "marked") || strings.Count(log.String(), "you said") != 2 {
			t.Errorf("%s: it logs %s", name, &log)
		}
		err := refusedByNATS(c, fmt.Errorf("you said %s", name))
		if strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
