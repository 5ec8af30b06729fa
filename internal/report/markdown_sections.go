package report

import (
	"cmp"
	"fmt"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

func (m *markdown) summary() {
	m.section("Executive summary")
	m.printf("%s\n\n", paragraph(m.Summary))
	for _, group := range groupOrder {
		m.summaryOf(group)
	}
}

// summaryOf lists the projects of a group by maturity, each with its size.
func (m *markdown) summaryOf(group string) {
	n := countGroup(m.Projects, group)
	if n == 0 || group == "" {
		return
	}
	m.printf("**%s** (%s):\n\n", m.groupTitle(group), Number(n))
	for _, crowd := range m.Crowds {
		if crowd.Group != group {
			continue
		}
		var names []string
		for _, slug := range crowd.Projects[:min(len(crowd.Projects), mostRows)] {
			names = append(names, m.name(slug)+" ("+m.sizes()[slug]+")")
		}
		if more := len(crowd.Projects) - mostRows; more > 0 {
			names = append(names, "and "+Number(int64(more))+" more")
		}
		m.printf("- %s: %s\n", escape(MaturityTitle(crowd.Maturity)), strings.Join(names, ", "))
	}
	m.printf("\n")
}

func (m *markdown) groupTitle(group string) string {
	language := escape(m.Language)
	switch group {
	case GroupPure:
		return "Pure " + language + " projects, by " + m.unit
	case GroupComponent:
		return "Projects with " + language + " components, by " + m.unit
	}
	return "Projects with " + language + " packages only"
}

// sizes are the projects' sizes in a few words, by slug.
func (m *markdown) sizes() map[string]string {
	if m.size != nil {
		return m.size
	}
	m.size = map[string]string{}
	for _, p := range m.Projects {
		m.size[p.Project.Slug] = Number(p.Measured)
		if p.Group == GroupPackages {
			m.size[p.Project.Slug] = Plural(p.Packages, "package", "packages")
		}
	}
	return m.size
}

func (m *markdown) overview() {
	m.section("Overview")
	for _, text := range m.Overview {
		m.printf("%s\n\n", paragraph(text))
	}
	m.heading("Data source")
	s := m.Survey
	m.printf("- Landscape: %s, SHA-256 `%s`\n", link(s.GetSource().GetName(), webLink(s.GetSpec().GetSource())), plain(s.GetSource().GetSha256()))
	if m.LandscapeCommit != "" {
		m.printf("- Commit of the landscape: `%s`\n", plain(m.LandscapeCommit))
	}
	m.printf("- Survey: %s, from %s to %s\n", escape(s.GetId()), moment(s.GetStartedAt()), moment(s.GetEndedAt()))
	if text := editionText(s, escape); text != "" {
		m.printf("- Edition: %s\n", text)
	}
	if s.GetAsOf() != nil {
		m.printf("- As of: %s; of each repository the last commit before that\n", moment(s.GetAsOf()))
	}
	m.printf("- Method: %s\n", escape(s.GetMethod()))
	if m.Annotations != nil {
		m.printf("- Annotations: %s, SHA-256 `%s`%s\n", escape(m.Annotations.Name), plain(m.Annotations.Sha256), escape(byWhom(m.Annotations)))
	}
	m.printf("\n")
}

// byWhom says who annotated, when and from what.
func byWhom(a *gromav1.Annotations) string {
	var text string
	if a.Author != "" {
		text += ", by " + a.Author
	}
	if a.Date != "" {
		text += ", " + a.Date
	}
	if a.Source != "" {
		text += "; " + a.Source
	}
	return text
}

func (m *markdown) findings() {
	m.section("Key findings")
	m.table("metric", "value:", "notes")
	for _, f := range m.Findings {
		m.row(escape(f.Metric), escape(f.Value), escape(f.Note))
	}
	m.printf("\n")
}

// lines is the table of all projects with the language. Its last rows lead
// from their sum to the total, in which each repository stands once.
func (m *markdown) lines() {
	m.section(m.Language + " lines of code")
	if len(m.Projects) == 0 {
		m.printf("No project has any.\n\n")
		return
	}
	m.table("project", "group", "maturity", "files:", "code:", "comments:", "blanks:", "lines:", "bytes as the host counts them:",
		"all programming languages, "+m.unit+":", "share:", "packages:")
	for _, p := range m.Projects[:min(len(m.Projects), mostRows)] {
		m.row(escape(p.Project.Name), m.groupCell(p), escape(p.Project.Maturity), cells(p.Figures),
			p.Share.Whole, Percent(p.Share), p.Packages)
	}
	if len(m.Projects) > mostRows {
		left := &gromav1.Figures{}
		for _, p := range m.Projects[mostRows:] {
			addFigures(left, p.Figures)
		}
		m.row(fmt.Sprintf("%s more", Number(int64(len(m.Projects)-mostRows))), "", "", cells(left), "", "", "")
	}
	m.sums()
}

func (m *markdown) sums() {
	if m.Rest.Files > 0 || m.Rest.HostBytes > 0 {
		m.row("traces in other projects", "", "", cells(m.Rest), "", "", "")
	}
	if m.Repeated.Files > 0 || m.Repeated.HostBytes > 0 {
		m.row("shared repositories, counted once", "", "", cells(negative(m.Repeated)), "", "", "")
	}
	m.row("**all, each repository once**", "", "", cells(m.Totals), m.Share.Whole, Percent(m.Share), "")
	m.printf("\n")
}

func cells(f *gromav1.Figures) string {
	return strings.Join([]string{Number(f.Files), Number(f.Code), Number(f.Comments), Number(f.Blanks), Number(f.Lines), Number(f.HostBytes)}, " | ")
}

// groupCell is a project's group, with a mark where not all was counted.
func (m *markdown) groupCell(p *gromav1.ProjectAnalysis) string {
	text := GroupTitle(p.Group)
	if n := unsettled(p); n > 0 {
		text += fmt.Sprintf(" (%s without a count)", Number(n))
	}
	return text
}

// unsettled is how many of a project's repositories may hold code that was not
// counted.
func unsettled(p *gromav1.ProjectAnalysis) (n int64) {
	for _, gap := range p.Uncounted {
		if !Settled(gap.Outcome) {
			n++
		}
	}
	return n
}

func (m *markdown) shared() {
	if len(m.Shared) == 0 {
		return
	}
	m.printf("These repositories belong to several projects. Each project shows them; the total has them once.\n\n")
	m.table("repository", "projects", "code:", "lines:")
	for _, s := range m.Shared[:min(len(m.Shared), mostRows)] {
		m.row(escape(s.Key), m.nameAll(s.Projects), s.Figures.Code, s.Figures.Lines)
	}
	m.printf("\n")
}

func (m *markdown) byLanguage() {
	m.section("Languages")
	m.table("language", "projects:", "repositories:", "files:", "code:", "comments:", "blanks:", "lines:", "bytes as the host counts them:", "share:")
	for _, s := range m.Languages {
		m.row(escape(s.Language), s.Projects, s.Repositories, cells(s.Figures), Percent(s.Share))
	}
	m.row("**all programming languages**", "", "", cells(m.All), Percent(shareOf(m.Share.Whole, m.Share.Whole)))
	m.printf("\nLanguages of markup have no share: it is one of %s of programming languages.\n\n", m.unit)
}

// byProject is the projects by maturity, each with its mix of languages.
func (m *markdown) byProject() {
	left := mostRows
	for _, maturity := range Maturities(m.Analysis) {
		m.section(projectsTitle(maturity))
		m.table("project", "code:", "lines:", "languages, by "+m.unit)
		for _, p := range m.Projects {
			if p.Project.Maturity != maturity {
				continue
			}
			if left--; left < 0 {
				m.row("and more, in report.json", "", "", "")
				break
			}
			m.row(escape(p.Project.Name), p.Figures.Code, p.Figures.Lines, mixText(p.Mix, p.Rest))
		}
		m.printf("\n")
	}
	m.shared()
}

func projectsTitle(maturity string) string {
	if maturity == "" {
		return "Projects"
	}
	return MaturityTitle(maturity) + " projects"
}

func mixText(mix []*gromav1.LanguageFigures, rest *gromav1.LanguageFigures) string {
	var parts []string
	for _, l := range mix {
		parts = append(parts, escape(l.Language)+" "+Percent(l.Share))
	}
	if rest != nil {
		parts = append(parts, "others "+Percent(rest.Share))
	}
	return strings.Join(parts, ", ")
}

func (m *markdown) analysis() {
	m.section("Analysis")
	for _, insight := range m.Insights {
		m.printf("- %s\n", paragraph(insight))
	}
	if len(m.Insights) > 0 {
		m.printf("\n")
	}
	m.leaders()
	m.claims()
}

func (m *markdown) leaders() {
	if len(m.Leaders) == 0 {
		return
	}
	m.heading("Leaders by category")
	m.table("category", "projects:", "leader", m.unit+":", "of its category:")
	for _, leader := range m.Leaders {
		m.row(escape(leader.Category), leader.Projects, escape(leader.Name), leader.Share.Part, fmt.Sprintf("%s of %s", Percent(leader.Share), Number(leader.Share.Whole)))
	}
	m.printf("\n")
}

// claims says what the figures of another report are.
func (m *markdown) claims() {
	if len(m.Claims) == 0 {
		return
	}
	m.heading("Figures of another report")
	m.printf("Checked against what was counted: %s. %s\n\n", escape(cmp.Or(m.Annotations.GetSource(), m.Annotations.GetName())), ClaimsSummary(m.Analysis))
	m.table("project", "it says", "figure:", "lines of code:", "lines:", "bytes as the host counts them:", "so it is", "over")
	for _, c := range m.Claims[:min(len(m.Claims), mostRows)] {
		figure := Number(c.Figure)
		if c.About {
			figure = "about " + figure
		}
		m.row(escape(c.Name), escape(c.Says), figure, c.Figures.Code, c.Figures.Lines, c.Figures.HostBytes, escape(c.Verdict), escape(strings.Join(c.Repositories, ", ")))
	}
	m.printf("\n")
}

func (m *markdown) growth() {
	if len(m.Years) == 0 {
		return
	}
	m.section("Growth trajectory")
	m.printf("By the landscape's dates of the projects in this report.\n\n")
	m.table("year:", "accepted:", "incubating:", "graduated:", "archived:", "projects")
	for _, y := range m.Years {
		m.row(fmt.Sprint(y.Year), int64(len(y.Accepted)), int64(len(y.Incubating)), int64(len(y.Graduated)), int64(len(y.Archived)), m.events(y))
	}
	m.printf("\n")
}

// events says what happened in a year. A long year names its first projects.
func (m *markdown) events(y *gromav1.Year) string {
	const most = 40
	var parts []string
	for _, event := range []struct {
		slugs []string
		what  string
	}{{y.Accepted, "accepted"}, {y.Incubating, "incubating"}, {y.Graduated, "graduated"}, {y.Archived, "archived"}} {
		if n := len(event.slugs); n > most {
			parts = append(parts, fmt.Sprintf("%s and %s more %s", m.nameAll(event.slugs[:most]), Number(int64(n-most)), event.what))
		} else if n > 0 {
			parts = append(parts, m.nameAll(event.slugs)+" "+event.what)
		}
	}
	return strings.Join(parts, "; ")
}

func (m *markdown) references() {
	if len(m.References) == 0 {
		return
	}
	m.section("References")
	for _, r := range m.References[:min(len(m.References), mostRows)] {
		m.printf("- %s\n", link(r.Text, r.Link))
	}
	m.printf("\n")
}

func (m *markdown) changelog() {
	m.section("Changelog")
	m.table("date", "change")
	this := "This survey; no earlier one was compared."
	if len(m.Changelog) > 0 {
		this = "This survey."
	}
	m.row(day(m.Survey.GetEndedAt()), this)
	for _, change := range m.Changelog {
		m.row(escape(change.Date), escape("Since "+change.Survey+": "+strings.Join(change.Text, " ")))
	}
	m.printf("\n")
}

func (m *markdown) methodology() {
	m.section("Methodology")
	for _, text := range m.Method {
		m.printf("%s\n\n", paragraph(text))
	}
	m.printf("These commands make this report again:\n\n")
	for _, command := range m.Commands {
		m.printf("    %s\n", oneLine(command))
	}
	m.printf("\n")
}
