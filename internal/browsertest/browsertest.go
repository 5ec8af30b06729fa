// Package browsertest looks at pages in a browser, as people do.
//
// It takes a Chromium, whose path GROMA_TEST_CHROMIUM is, and the axe.min.js of
// axe-core, whose path GROMA_TEST_AXE is. Without them tests are skipped.
package browsertest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

// A Browser opens tabs.
type Browser struct {
	chromium string
	// Axe is a script that defines axe, which finds what keeps people out.
	Axe string
}

// Find finds what is needed, or skips the test.
func Find(t *testing.T) *Browser {
	t.Helper()
	const chromium, axe = "GROMA_TEST_CHROMIUM", "GROMA_TEST_AXE"
	b := &Browser{chromium: os.Getenv(chromium)}
	if b.chromium == "" || os.Getenv(axe) == "" {
		t.Skipf("set %s to the path of a Chromium and %s to that of axe.min.js to look at the page in a browser", chromium, axe)
	}
	script, err := os.ReadFile(os.Getenv(axe))
	if err != nil {
		t.Fatal(err)
	}
	b.Axe = string(script)
	return b
}

// A Tab of a browser is a test's own. What cannot be done fails it.
type Tab struct {
	*testing.T
	drive context.Context // is the tab, to chromedp
}

// Open opens a tab. All that happens in it, and what its log says, is heard.
func (b *Browser) Open(t *testing.T, hear func(event any)) *Tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(b.chromium), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Listen(ctx, hear); err != nil {
		t.Fatal(err)
	}
	tab := &Tab{t, ctx}
	Call(tab, log.Enable, cdp.Empty{})
	return tab
}

// Visit opens a page.
func (tab *Tab) Visit(address string) {
	tab.Helper()
	tab.Do(chromedp.Navigate(address))
}

// Do does what a person can.
func (tab *Tab) Do(action chromedp.Action[chromedp.Void]) {
	tab.Helper()
	if err := chromedp.Do(tab.drive, action); err != nil {
		tab.Fatal(err)
	}
}

// Resize makes the window so wide, and the page light or dark.
func (tab *Tab) Resize(scheme string, width int64) {
	tab.Helper()
	Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// Call runs a command of the browser's protocol.
func Call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.Helper()
	result, err := chromedp.Call(tab.drive, command, params)
	if err != nil {
		tab.Fatal(err)
	}
	return result
}

// Eval is the value of an expression, which may be awaited.
func Eval[T any](tab *Tab, expression string) T {
	tab.Helper()
	value, err := chromedp.Run(tab.drive, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.Fatal(err)
	}
	return value
}
