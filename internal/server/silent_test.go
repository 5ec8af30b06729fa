package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlines notes the time that a client has.
type deadlines struct {
	*httptest.ResponseRecorder
	last time.Time
	set  int
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.last = t
	d.set++
	return nil
}

// TestResponse_Silent: a stream of HTTP/2 that has nothing to say is not ended
// for it, since its time counts on after a write.
func TestResponse_Silent(t *testing.T) {
	for _, second := range []bool{false, true} {
		under := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		r := &response{ResponseWriter: under, control: http.NewResponseController(under), second: second}
		if _, err := r.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		r.Flush()
		if under.set == 0 {
			t.Errorf("HTTP/2 %v: a client may take as long as it likes", second)
		}
		if second != under.last.IsZero() {
			t.Errorf("HTTP/2 %v: after the write its time ends at %v", second, under.last)
		}
	}
}
