package server

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"

	"groma/internal/browsertest"
)

// TestPage_Browser opens the page as people do: wide and narrow, light and
// dark. It has room, keeps nobody out, and brings itself up to date.
func TestPage_Browser(t *testing.T) {
	browser := browsertest.Find(t)
	api := newFake()
	api.surveys[1].Reason = strings.Repeat("W", 300)
	h := newHouse(t, Config{}, Parts{API: api})
	tab := browser.Open(t, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script fails: %v", e.ExceptionDetails)
		case *log.EventEntryAdded:
			if !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
				t.Errorf("the browser says %s: %s", e.Entry.Level, e.Entry.Text)
			}
		}
	})
	tab.Visit(h.url + "/")
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 400} {
			tab.Resize(scheme, width)
			if over := browsertest.Eval[int64](tab, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s, %d: the page is %d pixels too wide", scheme, width, over)
			}
			found := browsertest.Eval[string](tab, browser.Axe+"; axe.run().then(r => r.passes.length < 5 ? 'nothing, for it has not run' : r.violations.map(v => v.id + ': ' + v.nodes[0].html).join('\\n'))")
			if found != "" {
				t.Errorf("%s, %d: axe finds\n%s", scheme, width, found)
			}
		}
	}
	if now := browsertest.Eval[string](tab, `(async () => {
		const before = document.querySelector("time").textContent;
		while (document.querySelector("time").textContent === before) await new Promise(later => setTimeout(later, 50));
		return document.querySelector("h2").textContent;
	})()`); now != "Ostia" {
		t.Errorf("the page became %q", now)
	}
}
