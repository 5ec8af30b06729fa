//go:build !linux && !groma_noembed

package engine

import "net"

// holdPort takes a port that is free by listening on it: nobody else can.
func holdPort() (port int, free func(), err error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return 0, nil, err
	}
	return listener.Addr().(*net.TCPAddr).Port, func() { listener.Close() }, nil
}
