// Probe asks an address over HTTP, and ends with 0 if it is answered well, else
// with 1: what a container's health check runs where there is no shell.
//
//	probe http://127.0.0.1:8421/readyz
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: probe URL")
		os.Exit(2)
	}
	if err := ask(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// patience is how long an answer may take.
const patience = 5 * time.Second

func ask(address string) error {
	client := http.Client{Timeout: patience}
	answer, err := client.Get(address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return nil
}
