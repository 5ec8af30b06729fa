package engine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestHold(t *testing.T) {
	folder := t.TempDir()
	first, err := holdFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	expectHeld(t, folder, HeldError{Folder: folder, PID: os.Getpid()})
	if err := first.say("127.0.0.1:7233"); err != nil {
		t.Fatal(err)
	}
	expectHeld(t, folder, HeldError{Folder: folder, PID: os.Getpid(), Temporal: "127.0.0.1:7233"})
	first.release()
	second, err := holdFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	second.release()
}

// TestHold_Leftovers: what a killed process said holds nothing.
func TestHold_Leftovers(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "lock"), []byte("pid 1\ntemporal 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := holdFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer h.release()
	expectHeld(t, folder, HeldError{Folder: folder, PID: os.Getpid()})
}

func expectHeld(t *testing.T, folder string, want HeldError) {
	t.Helper()
	_, err := holdFolder(folder)
	var held *HeldError
	if !errors.As(err, &held) || *held != want {
		t.Errorf("got %#v, want %#v", err, want)
	}
}

func TestOpen_UnusableFolder_Error(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := Open(t.Context(), Config{Data: filepath.Join(file, "data")}); err == nil {
		e.Close()
		t.Error("a folder inside a file is opened")
	}
}
