package world

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// manners is how a repository is served, well or badly.
type manners struct {
	missing bool
	denied  bool
	moved   string
	html    bool
	hang    bool
	dumb    bool
	status  int
	busy    int
	after   string
	cut     int64
	delay   time.Duration
}

// set follows one directive; see [Server.Set].
func (m *manners) set(line string) (err error) {
	verb, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch verb {
	case "well":
		*m = manners{}
	case "missing":
		m.missing = true
	case "denied":
		m.denied = true
	case "moved":
		if !strings.Contains(arg, "://") {
			err = checkName(arg)
		}
		m.moved = arg
	case "html":
		m.html = true
	case "hang":
		m.hang = true
	case "dumb":
		m.dumb = true
	case "status":
		m.status, err = strconv.Atoi(arg)
	case "busy":
		times, after, _ := strings.Cut(arg, " ")
		m.busy, err = strconv.Atoi(times)
		m.after = after
	case "cut":
		m.cut, err = strconv.ParseInt(arg, 10, 64)
	case "delay":
		m.delay, err = time.ParseDuration(arg)
	default:
		err = fmt.Errorf("no directive is called %q", verb)
	}
	return err
}

// absent reports whether there is no repository to build.
func (m *manners) absent() bool { return m.missing || m.denied || m.moved != "" }

// misbehave answers a request as the manners say, and reports whether it did.
func (m *manners) misbehave(w http.ResponseWriter, r *http.Request, rest string) bool {
	switch {
	case m.missing:
		http.Error(w, "Repository not found.", http.StatusNotFound)
	case m.denied:
		w.Header().Set("WWW-Authenticate", `Basic realm="world"`)
		http.Error(w, "Who are you?", http.StatusUnauthorized)
	case m.status != 0:
		http.Error(w, http.StatusText(m.status), m.status)
	case m.html:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintln(w, "<!doctype html><title>Please sign in</title>")
	case m.dumb:
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintln(w, "0123456789012345678901234567890123456789\trefs/heads/main")
	case m.moved != "":
		target := m.moved
		if !strings.Contains(target, "://") {
			target = "/" + target
		}
		http.Redirect(w, r, target+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
	default:
		return false
	}
	return true
}
