package page

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// What TestBrowser needs: the path of a Chromium, that of axe-core's
// axe.min.js, and, if pictures are wanted, a folder to put them in.
const (
	needsChromium = "GROMA_TEST_CHROMIUM"
	needsAxe      = "GROMA_TEST_AXE"
	takesPictures = "GROMA_TEST_SCREENSHOTS"
)

// TestBrowser opens pages as people do: wide and narrow, light and dark, with
// and without scripts, on paper.
func TestBrowser(t *testing.T) {
	chromium, axe := os.Getenv(needsChromium), os.Getenv(needsAxe)
	if chromium == "" || axe == "" {
		t.Skipf("set %s to the path of a Chromium and %s to that of axe.min.js to look at the page in a browser", needsChromium, needsAxe)
	}
	rules, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	several, all := reporttest.Fixture(), reporttest.Fixture()
	several.Survey.Spec.Languages = []string{"Go", "Rust"}
	all.Survey.Spec.Languages = nil
	for name, analyses := range map[string][]*gromav1.Analysis{
		"rust":    {full(t)},
		"several": report.Analyses(several, report.Settings{}),
		"all":     report.Analyses(all, report.Settings{}),
		"wide":    {reporttest.Rewritten(full(t), strings.Repeat("W", 300)), reporttest.Rewritten(full(t), strings.Repeat("字", 300))},
		"large":   report.Analyses(large(255), report.Settings{}),
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, chromium, write(t, name, render(t, analyses...)))
			b.name = name
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{1280, 400} {
					b.look(scheme, width)
					if name != "large" { // has nothing that the others have not
						b.ask(string(rules), scheme, width)
					}
				}
			}
			b.skip()
			b.sort()
			if name == "large" {
				b.filter() // small tables have none
			}
			b.print()
			b.withoutScripts()
		})
	}
}

func write(t *testing.T, name string, file []byte) string {
	path := filepath.Join(t.TempDir(), name+".html")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A browser has a page open in a tab.
type browser struct {
	*testing.T
	tab           context.Context // is the tab, to those who drive it
	name, address string
}

func open(t *testing.T, chromium, path string) *browser {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := &browser{T: t, tab: ctx, address: (&url.URL{Scheme: "file", Path: path}).String()}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	b.visit()
	return b
}

func (b *browser) visit() {
	b.Helper()
	b.do(chromedp.Navigate(b.address))
}

func (b *browser) do(action chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.tab, action); err != nil {
		b.Fatal(err)
	}
}

// call runs a command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) R {
	b.Helper()
	result, err := chromedp.Call(b.tab, command, params)
	if err != nil {
		b.Fatal(err)
	}
	return result
}

// hear fails the test for whatever the console says and for every request but
// that for the page.
func (b *browser) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		b.Errorf("the console says %s: %v", e.Type, e.Args)
	case *runtime.EventExceptionThrown:
		b.Errorf("a script fails: %v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		b.Errorf("the browser says %s: %s", e.Entry.Level, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if e.Request.URL != b.address {
			b.Errorf("a request leaves the page: %s", e.Request.URL)
		}
	}
}

// eval is the value of an expression, which may be awaited.
func eval[T any](b *browser, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	return value
}

// keep keeps what a person may want to see, if one asks for it.
func (b *browser) keep(name string, take func() []byte) {
	b.Helper()
	folder := os.Getenv(takesPictures)
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, b.name+name), take(), 0o600); err != nil {
		b.Fatal(err)
	}
}

// look takes a picture and finds what is wider than the window.
func (b *browser) look(scheme string, width int64) {
	b.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	b.visit()
	if wide := eval[[]string](b, fmt.Sprintf(`document.documentElement.scrollWidth <= %[1]d ? [] :
		[document.documentElement.scrollWidth + " of %[1]d",
		 ...[...document.querySelectorAll("body *")].filter(e => !e.closest(".box, pre") && e.getBoundingClientRect().right > %[1]d).map(e => e.outerHTML.slice(0, 200))]`, width)); len(wide) > 0 {
		b.Errorf("%s, %d wide: the page overflows: %s", scheme, width, strings.Join(wide, "\n"))
	}
	b.keep(fmt.Sprintf("-%s-%d.png", scheme, width), func() []byte {
		const highest = 12_000 // pixels, beyond which no picture is taken
		height := min(eval[float64](b, `document.documentElement.scrollHeight`), highest)
		beyond := true
		return call(b, devtools.CaptureScreenshot, devtools.CaptureScreenshotParams{
			CaptureBeyondViewport: &beyond, Clip: &devtools.Viewport{Width: float64(width), Height: height, Scale: 1},
		}).Data
	})
}

// ask lets axe-core find what keeps people out.
func (b *browser) ask(rules, scheme string, width int64) {
	b.Helper()
	type violation struct{ ID, Impact, Help, First string }
	type answer struct {
		Passed int
		Found  []violation
	}
	eval[bool](b, rules+";true")
	said := eval[answer](b, `document.querySelectorAll("details").forEach(d => d.open = true),
		axe.run({resultTypes: ["violations"]}).then(said => ({Passed: said.passes.length, Found: said.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help, First: v.nodes[0].html.slice(0, 300)}))}))`)
	if said.Passed < 20 {
		b.Errorf("%s, %d wide: axe has passed %d rules: has it run?", scheme, width, said.Passed)
	}
	for _, v := range said.Found {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.Errorf("%s, %d wide: %s (%s): %s: %s", scheme, width, v.ID, v.Impact, v.Help, v.First)
		} else {
			b.Logf("%s, %d wide: %s (%s): %s: %s", scheme, width, v.ID, v.Impact, v.Help, v.First)
		}
	}
	b.Logf("%s, %d wide: axe has passed %d rules and found %d violations", scheme, width, said.Passed, len(said.Found))
}

// skip: the first stop on the keyboard's way leads past the contents.
func (b *browser) skip() {
	b.Helper()
	b.visit()
	b.do(chromedp.KeyEvent(kb.Tab))
	if got := eval[string](b, `document.activeElement.className`); got != "skip" {
		b.Errorf("the first stop is %q, want the link that skips the contents", got)
	}
	if !eval[bool](b, `getComputedStyle(document.activeElement).outlineStyle !== "none" && document.activeElement.getBoundingClientRect().left >= 0`) {
		b.Error("the focus cannot be seen")
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	if got := eval[string](b, `document.activeElement.id`); got != "content" {
		b.Errorf("it leads to %q, want the content", got)
	}
}

// sort sorts a table by the keyboard, down and up.
func (b *browser) sort() {
	b.Helper()
	const head = `document.querySelector("table.long thead th.n")`
	b.visit()
	eval[bool](b, head+`.querySelector("button").focus(), true`)
	for _, want := range []string{"descending", "ascending"} {
		b.do(chromedp.KeyEvent(kb.Enter))
		if got := eval[string](b, head+`.ariaSort`); got != want {
			b.Errorf("the column is sorted %q, want %q", got, want)
		}
		got := eval[[]float64](b, head+`.closest("table").tBodies[0].rows.length === 0 ? [] :
			[...`+head+`.closest("table").tBodies[0].rows].map(r => Number(r.cells[`+head+`.cellIndex].textContent.replaceAll(",", "")))`)
		for i := 1; i < len(got); i++ {
			if want == "descending" && got[i] > got[i-1] || want == "ascending" && got[i] < got[i-1] {
				b.Errorf("sorted %s, the column is %v", want, got)
				break
			}
		}
		if len(got) < 2 {
			b.Errorf("there are %d rows to sort", len(got))
		}
	}
}

// filter looks for a project whose name only one row has.
func (b *browser) filter() {
	b.Helper()
	if eval[int](b, `document.querySelectorAll(".filter input").length`) == 0 {
		b.Error("nothing can be filtered")
		return
	}
	eval[bool](b, `document.querySelector(".filter input").focus(), true`)
	b.do(chromedp.KeyEvent("no such words"))
	got := eval[int](b, `[...document.querySelector(".filter + .box tbody").rows].filter(r => !r.hidden).length`)
	said := eval[string](b, `document.querySelector(".filter [role=status]").textContent`)
	if got != 0 || !strings.HasPrefix(said, "0 of ") {
		b.Errorf("the filter leaves %d rows and says %q", got, said)
	}
}

// print: on paper nothing is folded, and there is nothing to press.
func (b *browser) print() {
	b.Helper()
	b.visit()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	eval[any](b, `new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))`)
	if n := eval[int](b, `[...document.querySelectorAll("details table")].filter(t => !t.checkVisibility({contentVisibilityAuto: true})).length`); n > 0 {
		b.Errorf("%d tables are folded on paper", n)
	}
	if n := eval[int](b, `[...document.querySelectorAll(".filter")].filter(t => t.checkVisibility()).length`); n > 0 {
		b.Errorf("%d filters are on paper", n)
	}
	b.keep(".pdf", func() []byte { return call(b, devtools.PrintToPDF, devtools.PrintToPDFParams{}).Data })
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

// withoutScripts: all rows are there, and nothing that would not work.
func (b *browser) withoutScripts() {
	b.Helper()
	const count = `[document.querySelectorAll("tr").length, document.querySelectorAll("button, input").length]`
	with := eval[[]int](b, count)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.visit()
	without := eval[[]int](b, count)
	if with[0] != without[0] || with[1] == 0 || without[1] != 0 {
		b.Errorf("with scripts there are %d rows and %d controls, without %d and %d", with[0], with[1], without[0], without[1])
	}
}
