//go:build !groma_noembed

package engine

import (
	"fmt"
	"net"
	"strconv"
)

// freePorts finds ports of the loopback interface that are free, all different,
// and holds them until they are let go of: a server takes a moment until it
// listens on its own, and in that moment others look for a free port, too. Where
// a port cannot be held for somebody else, another process may take it; then the
// server does not start, and says so.
func freePorts(n int) (ports []int, letGo func(), err error) {
	var held []func()
	letGo = func() {
		for _, free := range held {
			free()
		}
	}
	for range n {
		port, free, err := holdPort()
		if err != nil {
			letGo()
			return nil, nil, fmt.Errorf("find a free port: %w", err)
		}
		ports, held = append(ports, port), append(held, free)
	}
	if !canListen(ports[0]) {
		letGo()
		held = nil
	}
	return ports, letGo, nil
}

func canListen(port int) bool {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	listener.Close()
	return true
}
