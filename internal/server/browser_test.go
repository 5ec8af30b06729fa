package server

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What TestPage_Browser needs: the path of a Chromium, and that of axe-core's
// axe.min.js.
const (
	needsChromium = "GROMA_TEST_CHROMIUM"
	needsAxe      = "GROMA_TEST_AXE"
)

// TestPage_Browser opens the page as people do: wide and narrow, light and
// dark. It has room, keeps nobody out, and brings itself up to date.
func TestPage_Browser(t *testing.T) {
	chromium, axe := os.Getenv(needsChromium), os.Getenv(needsAxe)
	if chromium == "" || axe == "" {
		t.Skipf("set %s to the path of a Chromium and %s to that of axe.min.js to look at the page in a browser", needsChromium, needsAxe)
	}
	rules, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	api := newFake()
	api.surveys[1].Reason = strings.Repeat("W", 300)
	h := newHouse(t, Config{}, Parts{API: api})
	tab := openTab(t, chromium)
	do(t, tab, chromedp.Navigate(h.url+"/"))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 400} {
			call(t, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
			call(t, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			if over := eval[int64](t, tab, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s, %d: the page is %d pixels too wide", scheme, width, over)
			}
			found := eval[string](t, tab, string(rules)+"; axe.run().then(r => r.passes.length < 5 ? 'nothing, for it has not run' : r.violations.map(v => v.id + ': ' + v.nodes[0].html).join('\\n'))")
			if found != "" {
				t.Errorf("%s, %d: axe finds\n%s", scheme, width, found)
			}
		}
	}
	if now := eval[string](t, tab, `(async () => {
		const before = document.querySelector("time").textContent;
		while (document.querySelector("time").textContent === before) await new Promise(later => setTimeout(later, 50));
		return document.querySelector("h2").textContent;
	})()`); now != "Ostia" {
		t.Errorf("the page became %q", now)
	}
}

func openTab(t *testing.T, chromium string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script fails: %v", e.ExceptionDetails)
		case *log.EventEntryAdded:
			if !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
				t.Errorf("the browser says %s: %s", e.Entry.Level, e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(t, ctx, log.Enable, cdp.Empty{})
	return ctx
}

func do(t *testing.T, tab context.Context, action chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, action); err != nil {
		t.Fatal(err)
	}
}

// call runs a command of the browser's protocol.
func call[P, R any](t *testing.T, tab context.Context, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(tab, command, params); err != nil {
		t.Fatal(err)
	}
}

// eval is the value of an expression, which may be awaited.
func eval[T any](t *testing.T, tab context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
