package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A HeldError says that another process holds a data folder.
type HeldError struct {
	Folder string
	PID    int // 0 if it did not say
	// Temporal is the address of its Temporal, empty while it starts. Who only
	// wants to ask can connect there, with NATS [Off].
	Temporal string
}

func (e *HeldError) Error() string {
	who := "another groma"
	if e.PID != 0 {
		who = fmt.Sprintf("another groma (process %d)", e.PID)
	}
	return fmt.Sprintf("the data folder %s is held by %s: wait until it ends, stop it, or take another folder with --data", e.Folder, who)
}

// A hold is the right to a data folder. It is the kernel's lock on a file, so
// it ends with the process, however that ends; what the file says is for
// people and for [HeldError].
type hold struct{ file *os.File }

func holdFolder(folder string) (*hold, error) {
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hold the data folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer file.Close()
		return nil, holder(folder, file)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("hold the data folder %s: %w", folder, err)
	}
	h := &hold{file}
	if err := h.say(""); err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

const holdFormat = "pid %d\ntemporal %s\n"

func holder(folder string, file io.Reader) error {
	held := &HeldError{Folder: folder}
	_, _ = fmt.Fscanf(file, holdFormat, &held.PID, &held.Temporal) // it need not say
	return held
}

// Holder returns a [HeldError] if a process holds the folder, and nil if it is
// free. It makes nothing, and takes nothing but for an instant.
func Holder(folder string) error {
	file, err := os.Open(filepath.Join(folder, "lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close() // and the lock with it
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return holder(folder, file)
	}
	return err
}

// say writes who holds the folder into the lock.
func (h *hold) say(temporal string) error {
	said := fmt.Sprintf(holdFormat, os.Getpid(), temporal)
	if err := h.file.Truncate(0); err != nil {
		return fmt.Errorf("hold the data folder: %w", err)
	}
	if _, err := h.file.WriteAt([]byte(said), 0); err != nil {
		return fmt.Errorf("hold the data folder: %w", err)
	}
	return nil
}

// release leaves the file: were it removed, one process could lock the old
// file while another locks a new one.
func (h *hold) release() {
	_ = h.file.Truncate(0)
	h.file.Close()
}
