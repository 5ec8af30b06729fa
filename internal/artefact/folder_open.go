package artefact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openFile opens the file of an artefact, and nothing else that lies in its
// place: a pipe would be waited for until somebody writes to it, and a link may
// lead anywhere. It is looked at first, since to open a device can do something;
// and once more when it is open, which never waits, since it may have come in
// between. What is no file is [ErrDamaged].
func openFile(name string) (*os.File, fs.FileInfo, error) {
	info, err := os.Lstat(name)
	if err = astray(info, err); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, astray(nil, err)
	}
	info, err = file.Stat()
	if err = astray(info, err); err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// astray is ErrDamaged for what is no file, or lies below what is no folder, and
// any other failure as it is.
func astray(info fs.FileInfo, err error) error {
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: what should be a folder on the way to its file is none", ErrDamaged)
	case errors.Is(err, syscall.ELOOP):
		return fmt.Errorf("%w: a link lies in the place of its file, or of a folder on the way to it", ErrDamaged)
	case err != nil || info.Mode().IsRegular():
		return err
	}
	return fmt.Errorf("%w: %s lies in the place of its file", ErrDamaged, kindOf(info.Mode()))
}

// kindOf says what is no file.
func kindOf(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeDir:
		return "a folder"
	case fs.ModeSymlink:
		return "a link"
	case fs.ModeNamedPipe:
		return "a pipe"
	case fs.ModeSocket:
		return "a socket"
	}
	return "a device"
}
