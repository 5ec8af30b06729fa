// Command validate says whether files are OpenAPI.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

func main() {
	failed := false
	for _, name := range os.Args[1:] {
		if err := validate(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			failed = true
		}
	}
	if failed || len(os.Args) < 2 {
		os.Exit(1)
	}
}

func validate(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return err
	}
	checker, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	ok, found := checker.ValidateDocument()
	for _, problem := range found {
		errs = append(errs, problem)
		for _, detail := range problem.SchemaValidationErrors {
			errs = append(errs, fmt.Errorf("line %d: %s", detail.Line, detail.Reason))
		}
	}
	if !ok && len(errs) == 0 {
		return errors.New("it is not valid")
	}
	return errors.Join(errs...)
}
