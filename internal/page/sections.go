package page

import (
	"cmp"
	"fmt"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

func (w *writer) summary() {
	w.section("Executive summary", "summary")
	w.say(text("%s", w.Summary))
	for _, group := range report.Groups() {
		w.summaryOf(group)
	}
}

// summaryOf lists the projects of a group by maturity, each with its size.
func (w *writer) summaryOf(group string) {
	var crowds []line
	var n int64
	for _, crowd := range w.Crowds {
		if crowd.Group != group || group == "" {
			continue
		}
		n += int64(len(crowd.Projects))
		crowds = append(crowds, joined(text("%s: ", report.MaturityTitle(crowd.Maturity)), w.crowd(crowd)))
	}
	if n > 0 {
		w.say(strong(w.groupTitle(group)), text(" (%s):", report.Number(n)))
		w.list(crowds)
	}
}

func (w *writer) crowd(crowd *gromav1.Crowd) line {
	sizes := w.sizes()
	var names []line
	for _, slug := range crowd.Projects[:min(len(crowd.Projects), report.MostRows)] {
		names = append(names, joined(w.leading(slug), text(" (%s)", sizes[slug])))
	}
	if more := len(crowd.Projects) - report.MostRows; more > 0 {
		names = append(names, text("and %s more", report.Number(int64(more))))
	}
	return listed(names, ", ")
}

func (w *writer) groupTitle(group string) string {
	switch group {
	case report.GroupPure:
		return "Pure " + w.Language + " projects, by " + w.unit
	case report.GroupComponent:
		return "Projects with " + w.Language + " components, by " + w.unit
	}
	return "Projects with " + w.Language + " packages only"
}

// sizes are the projects' sizes in a few words, by slug.
func (w *writer) sizes() map[string]string {
	if w.size == nil {
		w.size = map[string]string{}
		for _, p := range w.Projects {
			w.size[p.Project.Slug] = report.Number(p.Measured)
			if p.Group == report.GroupPackages {
				w.size[p.Project.Slug] = report.Plural(p.Packages, "package", "packages")
			}
		}
	}
	return w.size
}

func (w *writer) overview() {
	w.section("Overview", "overview")
	for _, words := range w.Overview {
		w.say(text("%s", words))
	}
	w.heading("Data source", w.id("data-source"))
	s := w.Survey
	facts := []line{joined(text("Landscape: "), link(s.GetSource().GetName(), s.GetSpec().GetSource()), text(", SHA-256 "), code(s.GetSource().GetSha256()))}
	if w.LandscapeCommit != "" {
		facts = append(facts, joined(text("Commit of the landscape: "), code(w.LandscapeCommit)))
	}
	facts = append(facts, text("Survey: %s, from %s to %s", s.GetId(), report.Moment(s.GetStartedAt()), report.Moment(s.GetEndedAt())))
	if edition := report.EditionText(s); edition != "" {
		facts = append(facts, text("Edition: %s", edition))
	}
	if s.GetAsOf() != nil {
		facts = append(facts, text("As of: %s; of each repository the last commit before that", report.Moment(s.GetAsOf())))
	}
	facts = append(facts, text("Method: %s", s.GetMethod()))
	if a := w.Annotations; a != nil {
		facts = append(facts, joined(text("Annotations: %s, SHA-256 ", a.Name), code(a.Sha256), text("%s", report.ByWhom(a))))
	}
	w.list(facts)
}

func (w *writer) findings() {
	w.section("Key findings", "findings")
	t := w.table("Key findings", "metric", "value:", "notes")
	t.Long = false // their order says something
	for _, f := range w.Findings {
		t.row(f.Metric, f.Value, f.Note)
	}
	w.chart(w.crowdChart())
}

// lines is the table of all projects with the language. Its foot leads from
// their sum to the total, in which each repository stands once.
func (w *writer) lines() {
	w.section(w.Language+" lines of code", "lines")
	if len(w.Projects) == 0 {
		w.say(text("No project has any."))
		return
	}
	w.chart(w.sizeChart())
	t := w.table(w.Language+" by project", "project", "group", "maturity", "files:", "code:", "comments:", "blanks:", "lines:", "bytes as the host counts them:",
		"all programming languages, "+w.unit+":", "share:", "packages:")
	for _, p := range w.Projects[:min(len(w.Projects), report.MostRows)] {
		t.row(figures(p.Figures, w.leading(p.Project.Slug), groupCell(p), p.Project.Maturity)(p.Share.Whole, report.Percent(p.Share), p.Packages)...)
	}
	if more := len(w.Projects) - report.MostRows; more > 0 {
		t.foot(figures(report.SumOf(w.Projects[report.MostRows:]), report.Number(int64(more))+" more", "", "")("", "", "")...)
	}
	w.sums(t)
	w.chart(w.mixChart())
}

// sums lead from the projects to the total.
func (w *writer) sums(t *table) {
	if w.Rest.Files > 0 || w.Rest.HostBytes > 0 {
		t.foot(figures(w.Rest, "traces in other projects", "", "")("", "", "")...)
	}
	if w.Repeated.Files > 0 || w.Repeated.HostBytes > 0 {
		t.foot(figures(report.Negative(w.Repeated), "shared repositories, counted once", "", "")("", "", "")...)
	}
	t.foot(figures(w.Totals, strong("all, each repository once"), "", "")(w.Share.Whole, report.Percent(w.Share), "")...)
}

// figures puts figures between what comes before and after them in a row.
func figures(f *gromav1.Figures, before ...any) func(after ...any) []any {
	return func(after ...any) []any {
		row := append(before, f.Files, f.Code, f.Comments, f.Blanks, f.Lines, f.HostBytes)
		return append(row, after...)
	}
}

// groupCell is a project's group, with a mark where not all was counted.
func groupCell(p *gromav1.ProjectAnalysis) string {
	words := report.GroupTitle(p.Group)
	if n := report.Unsettled(p); n > 0 {
		words += fmt.Sprintf(" (%s without a count)", report.Number(n))
	}
	return words
}

func (w *writer) shared() {
	if len(w.Shared) == 0 {
		return
	}
	w.say(text("These repositories belong to several projects. Each project shows them; the total has them once."))
	t := w.table("Repositories of several projects", "repository", "projects", "code:", "lines:")
	for _, s := range w.Shared[:min(len(w.Shared), report.MostRows)] {
		t.row(s.Key, w.nameAll(s.Projects), s.Figures.Code, s.Figures.Lines)
	}
}

func (w *writer) byLanguage() {
	w.section("Languages", "languages")
	w.chart(w.languageChart())
	t := w.table("Languages", "language", "projects:", "repositories:", "files:", "code:", "comments:", "blanks:", "lines:", "bytes as the host counts them:", "share:")
	for _, l := range w.Languages {
		t.row(figures(l.Figures, l.Language, l.Projects, l.Repositories)(report.Percent(l.Share))...)
	}
	whole := &gromav1.Share{Part: w.Share.Whole, Whole: w.Share.Whole, PerMille: 1000}
	t.foot(figures(w.All, strong("all programming languages"), "", "")(report.Percent(whole))...)
	w.say(text("Languages of markup have no share: it is one of %s of programming languages.", w.unit))
}

// byProject is the projects by maturity, each with its mix of languages. The
// charts of all of them stand before.
func (w *writer) byProject() {
	left := report.MostRows
	for i, maturity := range report.Maturities(w.Analysis) {
		title := report.ProjectsTitle(maturity)
		w.section(title, "projects-"+maturity)
		if i == 0 {
			w.chart(w.sizeChart())
			w.chart(w.mixChart())
		}
		t := w.table(title, "project", "code:", "lines:", "languages, by "+w.unit)
		for _, p := range w.Projects {
			if p.Project.Maturity != maturity {
				continue
			}
			if left--; left < 0 {
				t.foot("and more, in report.json", "", "", "")
				break
			}
			t.row(p.Project.Name, p.Figures.Code, p.Figures.Lines, mixText(p.Mix, p.Rest))
		}
	}
	w.shared()
}

func mixText(mix []*gromav1.LanguageFigures, rest *gromav1.LanguageFigures) string {
	var parts []string
	for _, l := range mix {
		parts = append(parts, l.Language+" "+report.Percent(l.Share))
	}
	if rest != nil {
		parts = append(parts, "others "+report.Percent(rest.Share))
	}
	return strings.Join(parts, ", ")
}

func (w *writer) analysis() {
	w.section("Analysis", "analysis")
	var insights []line
	for _, insight := range w.Insights {
		insights = append(insights, text("%s", insight))
	}
	w.list(insights)
	w.leaders()
	w.claims()
}

func (w *writer) leaders() {
	if len(w.Leaders) == 0 {
		return
	}
	w.heading("Leaders by category", w.id("leaders"))
	t := w.table("Leaders by category", "category", "projects:", "leader", w.unit+":", "of its category:")
	for _, l := range w.Leaders {
		t.row(l.Category, l.Projects, w.leading(l.Slug), l.Share.Part,
			fmt.Sprintf("%s of %s", report.Percent(l.Share), report.Number(l.Share.Whole)))
	}
}

// claims says what the figures of another report are.
func (w *writer) claims() {
	if len(w.Claims) == 0 {
		return
	}
	w.heading("Figures of another report", w.id("claims"))
	w.say(text("Checked against what was counted: %s. %s", cmp.Or(w.Annotations.GetSource(), w.Annotations.GetName()), report.ClaimsSummary(w.Analysis)))
	t := w.table("Figures of another report", "project", "it says", "figure:", "lines of code:", "lines:", "bytes as the host counts them:", "so it is", "over")
	for _, c := range w.Claims[:min(len(w.Claims), report.MostRows)] {
		figure := report.Number(c.Figure)
		if c.About {
			figure = "about " + figure
		}
		t.row(w.leading(c.Slug), c.Says, figure, c.Figures.Code, c.Figures.Lines, c.Figures.HostBytes, c.Verdict, strings.Join(c.Repositories, ", "))
	}
}

func (w *writer) growth() {
	if len(w.Years) == 0 {
		return
	}
	w.section("Growth trajectory", "growth")
	w.say(text("By the landscape's dates of the projects in this report."))
	w.chart(w.yearChart())
	t := w.table("What happened by year", "year:", "accepted:", "incubating:", "graduated:", "archived:", "projects")
	for _, y := range w.Years {
		t.row(fmt.Sprint(y.Year), int64(len(y.Accepted)), int64(len(y.Incubating)), int64(len(y.Graduated)), int64(len(y.Archived)), w.events(y))
	}
}

// events says what happened in a year. A long year names its first projects.
func (w *writer) events(y *gromav1.Year) string {
	const most = 40
	var parts []string
	for _, event := range eventsOf(y) {
		if n := len(event.slugs); n > most {
			parts = append(parts, fmt.Sprintf("%s and %s more %s", w.nameAll(event.slugs[:most]), report.Number(int64(n-most)), event.what))
		} else if n > 0 {
			parts = append(parts, w.nameAll(event.slugs)+" "+event.what)
		}
	}
	return strings.Join(parts, "; ")
}

type event struct {
	what  string
	slugs []string
}

func eventsOf(y *gromav1.Year) []event {
	return []event{{"accepted", y.Accepted}, {"incubating", y.Incubating}, {"graduated", y.Graduated}, {"archived", y.Archived}}
}

func (w *writer) references() {
	if len(w.References) == 0 {
		return
	}
	w.section("References", "references")
	var lines []line
	for _, r := range w.References[:min(len(w.References), report.MostRows)] {
		lines = append(lines, link(r.Text, r.Link))
	}
	w.list(lines)
}

func (w *writer) changelog() {
	w.section("Changelog", "changelog")
	t := w.table("Changelog", "date", "change")
	this := "This survey; no earlier one was compared."
	if len(w.Changelog) > 0 {
		this = "This survey."
	}
	t.row(report.Day(w.Survey.GetEndedAt()), this)
	for _, change := range w.Changelog {
		t.row(change.Date, "Since "+change.Survey+": "+strings.Join(change.Text, " "))
	}
}

func (w *writer) methodology() {
	w.section("Methodology", "methodology")
	for _, words := range w.Method {
		w.say(text("%s", words))
	}
	w.say(text("These commands make this report again:"))
	w.put(block{Lines: w.Commands})
}
