package page

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"groma/internal/browsertest"
	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// takesPictures is a folder to put pictures in, if they are wanted.
const takesPictures = "GROMA_TEST_SCREENSHOTS"

// TestBrowser opens pages as people do: wide and narrow, light and dark, with
// and without scripts, on paper.
func TestBrowser(t *testing.T) {
	chromium := browsertest.Find(t)
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
			b := open(t, chromium, name, render(t, analyses...))
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{1280, 400} {
					b.look(scheme, width)
					if name != "large" { // has nothing that the others have not
						b.ask(chromium.Axe, scheme, width)
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

// A browser has a page open in a tab.
type browser struct {
	*browsertest.Tab
	name, address string
}

func open(t *testing.T, chromium *browsertest.Browser, name string, file []byte) *browser {
	path := filepath.Join(t.TempDir(), name+".html")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	b := &browser{name: name, address: (&url.URL{Scheme: "file", Path: path}).String()}
	b.Tab = chromium.Open(t, func(event any) { b.hear(t, event) })
	browsertest.Call(b.Tab, network.Enable, network.EnableParams{})
	b.visit()
	return b
}

func (b *browser) visit() {
	b.Helper()
	b.Visit(b.address)
}

// hear fails the test for whatever the console says and for every request but
// that for the page.
func (b *browser) hear(t *testing.T, event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		t.Errorf("the console says %s: %v", e.Type, e.Args)
	case *runtime.EventExceptionThrown:
		t.Errorf("a script fails: %v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		t.Errorf("the browser says %s: %s", e.Entry.Level, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if e.Request.URL != b.address {
			t.Errorf("a request leaves the page: %s", e.Request.URL)
		}
	}
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
	b.Resize(scheme, width)
	b.visit()
	if wide := browsertest.Eval[[]string](b.Tab, fmt.Sprintf(`document.documentElement.scrollWidth <= %[1]d ? [] :
		[document.documentElement.scrollWidth + " of %[1]d",
		 ...[...document.querySelectorAll("body *")].filter(e => !e.closest(".box, pre") && e.getBoundingClientRect().right > %[1]d).map(e => e.outerHTML.slice(0, 200))]`, width)); len(wide) > 0 {
		b.Errorf("%s, %d wide: the page overflows: %s", scheme, width, strings.Join(wide, "\n"))
	}
	b.keep(fmt.Sprintf("-%s-%d.png", scheme, width), func() []byte {
		const highest = 12_000 // pixels, beyond which no picture is taken
		height := min(browsertest.Eval[float64](b.Tab, `document.documentElement.scrollHeight`), highest)
		beyond := true
		return browsertest.Call(b.Tab, devtools.CaptureScreenshot, devtools.CaptureScreenshotParams{
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
	browsertest.Eval[bool](b.Tab, rules+";true")
	said := browsertest.Eval[answer](b.Tab, `document.querySelectorAll("details").forEach(d => d.open = true),
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
	b.Do(chromedp.KeyEvent(kb.Tab))
	if got := browsertest.Eval[string](b.Tab, `document.activeElement.className`); got != "skip" {
		b.Errorf("the first stop is %q, want the link that skips the contents", got)
	}
	if !browsertest.Eval[bool](b.Tab, `getComputedStyle(document.activeElement).outlineStyle !== "none" && document.activeElement.getBoundingClientRect().left >= 0`) {
		b.Error("the focus cannot be seen")
	}
	b.Do(chromedp.KeyEvent(kb.Enter))
	if got := browsertest.Eval[string](b.Tab, `document.activeElement.id`); got != "content" {
		b.Errorf("it leads to %q, want the content", got)
	}
}

// sort sorts a table by the keyboard, down and up.
func (b *browser) sort() {
	b.Helper()
	const head = `document.querySelector("table.long thead th.n")`
	b.visit()
	browsertest.Eval[bool](b.Tab, head+`.querySelector("button").focus(), true`)
	for _, want := range []string{"descending", "ascending"} {
		b.Do(chromedp.KeyEvent(kb.Enter))
		if got := browsertest.Eval[string](b.Tab, head+`.ariaSort`); got != want {
			b.Errorf("the column is sorted %q, want %q", got, want)
		}
		got := browsertest.Eval[[]float64](b.Tab, head+`.closest("table").tBodies[0].rows.length === 0 ? [] :
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
	if browsertest.Eval[int](b.Tab, `document.querySelectorAll(".filter input").length`) == 0 {
		b.Error("nothing can be filtered")
		return
	}
	browsertest.Eval[bool](b.Tab, `document.querySelector(".filter input").focus(), true`)
	b.Do(chromedp.KeyEvent("no such words"))
	got := browsertest.Eval[int](b.Tab, `[...document.querySelector(".filter + .box tbody").rows].filter(r => !r.hidden).length`)
	said := browsertest.Eval[string](b.Tab, `document.querySelector(".filter [role=status]").textContent`)
	if got != 0 || !strings.HasPrefix(said, "0 of ") {
		b.Errorf("the filter leaves %d rows and says %q", got, said)
	}
}

// print: on paper nothing is folded, and there is nothing to press.
func (b *browser) print() {
	b.Helper()
	b.visit()
	browsertest.Call(b.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	browsertest.Eval[any](b.Tab, `new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))`)
	if n := browsertest.Eval[int](b.Tab, `[...document.querySelectorAll("details table")].filter(t => !t.checkVisibility({contentVisibilityAuto: true})).length`); n > 0 {
		b.Errorf("%d tables are folded on paper", n)
	}
	if n := browsertest.Eval[int](b.Tab, `[...document.querySelectorAll(".filter")].filter(t => t.checkVisibility()).length`); n > 0 {
		b.Errorf("%d filters are on paper", n)
	}
	b.keep(".pdf", func() []byte { return browsertest.Call(b.Tab, devtools.PrintToPDF, devtools.PrintToPDFParams{}).Data })
	browsertest.Call(b.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

// withoutScripts: all rows are there, and nothing that would not work.
func (b *browser) withoutScripts() {
	b.Helper()
	const count = `[document.querySelectorAll("tr").length, document.querySelectorAll("button, input").length]`
	with := browsertest.Eval[[]int](b.Tab, count)
	browsertest.Call(b.Tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.visit()
	without := browsertest.Eval[[]int](b.Tab, count)
	if with[0] != without[0] || with[1] == 0 || without[1] != 0 {
		b.Errorf("with scripts there are %d rows and %d controls, without %d and %d", with[0], with[1], without[0], without[1])
	}
}
