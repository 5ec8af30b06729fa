package bench

import (
	"bytes"
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
			if err := hold(r); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			handler.ServeHTTP(w, r)
		}),
	}
	go m.server.Serve(&metered{listener, &m.sent}) // until Close
	return m, nil
}

// hold reads the body of a request before anything is done with it. Otherwise
// net/http closes it when the first byte is answered, and a proxy that has not
// seen its end by then takes that for a failure. CGI, too, wants its length.
func hold(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return nil
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
	c.sent.Add(int64(len(p))) // before the client can see them
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n - len(p)))
	return n, err
}
