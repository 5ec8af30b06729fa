//go:build linux && !groma_noembed

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// anyOf listens on any port that is free, of those from one to another.
func anyOf(ctx context.Context, from, to int) (net.Listener, error) {
	var refused error
	config := net.ListenConfig{Control: func(_, _ string, conn syscall.RawConn) error {
		return conn.Control(func(socket uintptr) {
			refused = unix.SetsockoptInt(int(socket), unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, to<<16|from)
		})
	}}
	listener, err := config.Listen(ctx, "tcp4", loopback+":0")
	if refused != nil {
		err = refused
	}
	return listener, err
}

// TestFreePorts: until they are let go of, ports are given to nobody who looks for
// a free one, and whoever they were found for can listen.
func TestFreePorts(t *testing.T) {
	ports, letGo, err := freePorts(3)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range ports {
		if taken, err := anyOf(t.Context(), port, port); errors.Is(err, unix.ENOPROTOOPT) {
			letGo()
			t.Skip("this Linux is older than 6.3: nobody can be made to look for a certain port")
		} else if err == nil {
			taken.Close()
			t.Errorf("port %d is found free by others", port)
		}
		server, err := net.Listen("tcp", fmt.Sprint(loopback, ":", port))
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
	}
	if ports[0] == ports[1] || ports[1] == ports[2] || ports[0] == ports[2] {
		t.Errorf("ports %v are not all different", ports)
	}
	letGo()
	for _, port := range ports {
		if again, err := net.Listen("tcp", fmt.Sprint(loopback, ":", port)); err == nil {
			again.Close()
			t.Errorf("port %d is not held by the one who listens", port)
		}
	}
}
