package service

import (
	"context"
	"testing"
	"testing/synctest"

	"connectrpc.com/connect/v2"

	gromav1 "groma/proto/groma/v1"
)

// TestTurn: so many reports are read at once; who comes then waits for a while,
// or until one is done.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		var done []func()
		for range mostRead {
			d, err := s.turn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, d)
		}
		if _, err := s.turn(t.Context()); connect.CodeOf(err) != connect.CodeResourceExhausted {
			t.Errorf("one too many: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.turn(gone); err != context.Canceled {
			t.Errorf("a caller that has gone: %v", err)
		}
		go done[0]()
		d, err := s.turn(t.Context())
		if err != nil {
			t.Errorf("after one is done: %v", err)
			return
		}
		d()
	})
}

// TestParseTurn: the documents of one caller are read at a time, and who waits
// for that may go.
func TestParseTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		done, err := s.parseTurn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start := &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Kind: "list"}, Document: []byte("https://github.com/o/r")}
		if _, _, err := s.complete(t.Context(), start); connect.CodeOf(err) != connect.CodeResourceExhausted {
			t.Errorf("a second one: %v", err)
		}
		done()
		if _, _, err := s.complete(t.Context(), start); err != nil {
			t.Errorf("after the first: %v", err)
		}
	})
}
