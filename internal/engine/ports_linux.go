//go:build linux && !groma_noembed

package engine

import (
	"errors"

	"golang.org/x/sys/unix"
)

// holdPort takes a port that is free without listening on it. Linux gives it to
// nobody who asks for any, and lets listen on it who asks for it by its number and
// says that addresses may be used again, as Go does of all that listens.
func holdPort() (port int, free func(), err error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, err
	}
	err = errors.Join(
		unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	at, asked := unix.Getsockname(socket)
	bound, ok := at.(*unix.SockaddrInet4)
	if err = errors.Join(err, asked); err != nil || !ok {
		unix.Close(socket)
		return 0, nil, err
	}
	return bound.Port, func() { unix.Close(socket) }, nil
}
