package bench

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// A Meter is a server on loopback that counts every byte it sends, headers
// included. Close it after use.
type Meter struct {
	URL      string // without a slash at its end
	server   *http.Server
	sent     atomic.Int64
	requests atomic.Int64
}

// NewMeter serves handler.
func NewMeter(handler http.Handler) (*Meter, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &Meter{URL: "http://" + listener.Addr().String()}
	m.server = &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), // a client that fails says so itself
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			m.requests.Add(1)
			handler.ServeHTTP(w, r)
		}),
	}
	go m.server.Serve(&metered{listener, &m.sent}) // until Close
	return m, nil
}

// NewProxy is a meter before another server. A redirect leads round it.
func NewProxy(host string) (*Meter, error) {
	target, err := url.Parse(host)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // the client says what it understands
	return NewMeter(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	})
}

// Take returns the bytes sent and the requests answered since it was last
// asked.
func (m *Meter) Take() (sent, requests int64) {
	return m.sent.Swap(0), m.requests.Swap(0)
}

// Close ends the server and its connections.
func (m *Meter) Close() error { return m.server.Close() }

type metered struct {
	net.Listener
	sent *atomic.Int64
}

func (l *metered) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &meteredConn{conn, l.sent}, nil
}

type meteredConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c *meteredConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}
