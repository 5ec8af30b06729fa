package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestLog_Bound writes more than both files have room for, several at once: the
// latest is there, each record whole.
func TestLog_Bound(t *testing.T) {
	const writers, each, size = 4, 60, 1 << 17
	name := filepath.Join(t.TempDir(), "x.log")
	log, err := OpenLog(name)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for writer := range writers {
		wait.Go(func() {
			for range each {
				if _, err := log.Write(append(bytes.Repeat([]byte{byte('a' + writer)}, size-1), '\n')); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if _, err := fmt.Fprintln(log, "last"); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(name)
	before, failed := os.ReadFile(name + ".1")
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if len(now) > logLimit || len(before) > logLimit || len(before) < logLimit-size || !bytes.HasSuffix(now, []byte("\nlast\n")) {
		t.Errorf("%d bytes after %d, want at most %d, and the last record", len(now), len(before), logLimit)
	}
	for line := range bytes.Lines(append(before, now...)) {
		if string(line) != "last\n" && (len(line) != size || len(bytes.Trim(line[:size-1], string(line[:1]))) > 0) {
			t.Fatalf("a record of %d bytes is none that was written", len(line))
		}
	}
}

// TestLog_Open: what is there is gone on with, unless it is too large.
func TestLog_Open(t *testing.T) {
	for size, want := range map[int]string{3: "xxxnew", logLimit + 1: "new"} {
		name := filepath.Join(t.TempDir(), "x.log")
		if err := os.WriteFile(name, bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
		log, err := OpenLog(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = log.Write([]byte("new"))
		if err := errors.Join(err, log.Close()); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("after %d bytes: %q, want %q: %v", size, got[:min(len(got), 20)], want, err)
		}
	}
}

// TestLog_Stuck: where none can be begun, the log that is there goes on.
func TestLog_Stuck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.log")
	log, err := OpenLog(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(name+".1", "below"), 0o700); err != nil { // which nothing is renamed over
		t.Fatal(err)
	}
	record := make([]byte, logLimit/2+1)
	for range 3 {
		if _, err := log.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Size() != int64(3*len(record)) {
		t.Errorf("%v: %v", info, err)
	}
}
