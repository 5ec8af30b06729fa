package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// methodText says how a report was made, so that whoever doubts a figure can
// find it again.
func methodText(r *gromav1.Report, a *gromav1.Analysis) []string {
	text := []string{
		commitsText(r, a),
		"Lines are physical lines. Code is what is neither comment nor blank, so code, comments and blanks add up to lines. Figures of files and lines are over source and test files; vendored, generated, documentation, configuration and data files stand in report.json under their own class.",
		"Bytes as the host counts them are those of all files that are neither vendored nor documentation: of source, test and generated files. They are not lines, and no figure here takes one for the other.",
	}
	if a.Language != "" {
		text = append(text, ruleText(a), evidenceText(a.Rule))
	}
	text = append(text,
		"A share is a part of a whole that is printed beside it or named with it. It is cut to a tenth of a percent, never rounded up: 100.0 % means all, and what is printed as "+threshold(a.Rule)+" has reached it.",
		"The programming languages are linguist's of that type; languages of markup (HTML, CSS, templates, notebooks), prose, data and configuration are not among them.",
		sharedText(a))
	if hasWords(a) {
		text = append(text, "What a project says itself are sentences of its README and docs that name the language, at the commit they are linked to; adopters are counted and named as the project's own file lists them, and nowhere else taken from.")
	}
	if len(a.Windows) > 0 {
		text = append(text, "Health is made of commits and tags alone. Its verdicts are functions of the figures beside them; bots are counted apart, and addresses of public mail providers say nothing about an organisation. "+
			strings.Join(vitals.Thresholds(), " "))
	}
	if a.Annotations != nil {
		text = append(text, "What is said to be the analyst's word comes from "+a.Annotations.Name+" and was not measured. Repositories that it adds were counted like any other.")
	}
	return text
}

func commitsText(r *gromav1.Report, a *gromav1.Analysis) string {
	var methods []string
	for _, row := range r.Repositories {
		if hasCount(row) && row.Method != "" && !slices.Contains(methods, row.Method) {
			methods = append(methods, row.Method)
		}
	}
	slices.Sort(methods)
	if len(methods) == 0 {
		methods = []string{r.GetSurvey().GetMethod()}
	}
	text := "Every repository was counted at one commit, which stands beside it, by method " + enumerate(methods) + "."
	if asOf := a.Survey.GetAsOf(); asOf != nil {
		text += " Of each, that is the last commit before " + asOf.AsTime().Format("2006-01-02 15:04:05 UTC") + ", going back along first parents."
	}
	return text
}

// ruleText is the rule of pure or component in words.
func ruleText(a *gromav1.Analysis) string {
	rule := a.Rule
	text := fmt.Sprintf("A project is pure if %s has at least %s of its %s, over all its repositories that have a count, each once. It has a component if it is not pure and has at least %s of %s code.",
		a.Language, threshold(rule), wholeOf(rule.Measure), Plural(rule.ComponentLines, "line", "lines"), a.Language)
	if len(rule.Ecosystems) > 0 {
		text += fmt.Sprintf(" One below that whose repositories define packages of %s has packages only. One below that without packages has traces, which are not counted among the projects with %s.", enumerate(rule.Ecosystems), a.Language)
	} else {
		text += fmt.Sprintf(" One below that has traces, which are not counted among the projects with %s.", a.Language)
	}
	return text + " A project of whose repositories none has a count is in no group, and the coverage names it."
}

func evidenceText(rule *gromav1.Rule) string {
	return fmt.Sprintf("The evidence is the main repository, the first that the landscape names, if it has at least %s of the language's code or more than any other of the project's; else it is a secondary repository, or packages only.",
		Plural(rule.ComponentLines, "line", "lines"))
}

func sharedText(a *gromav1.Analysis) string {
	if len(a.Shared) == 0 {
		return "Totals count each repository once; no repository with such code belongs to several projects, so the projects add up to the total."
	}
	return fmt.Sprintf("Totals count each repository once. %s with each of several projects, so the projects add up to %s %s more than there are.",
		Plural(int64(len(a.Shared)), "repository stands", "repositories stand"), Number(Measured(a.Repeated, a.Rule.Measure)), Unit(a.Rule.Measure))
}

func hasWords(a *gromav1.Analysis) bool {
	return slices.ContainsFunc(a.Projects, func(p *gromav1.ProjectAnalysis) bool { return len(p.Sayings) > 0 || len(p.Adopters) > 0 })
}

// commands reproduce a report: the survey, then this form of it.
func commands(a *gromav1.Analysis) []string {
	spec := a.Survey.GetSpec()
	survey := []string{"groma", "survey", spec.GetSource()}
	option := func(name, value string) {
		if value != "" {
			survey = append(survey, name, value)
		}
	}
	option("--clomonitor", spec.GetClomonitor())
	option("--maturity", strings.Join(spec.GetFilter().GetMaturity(), ","))
	for _, project := range spec.GetFilter().GetProjects() {
		option("--project", project)
	}
	if spec.GetFilter().GetAllItems() {
		survey = append(survey, "--all-items")
	}
	if spec.GetFilter().GetArchived() {
		survey = append(survey, "--archived")
	}
	if asOf := a.Survey.GetAsOf(); asOf != nil {
		option("--as-of", asOf.AsTime().Format("2006-01-02T15:04:05Z"))
	}
	if spec.GetNoVitals() {
		survey = append(survey, "--no-vitals")
	}
	for _, window := range spec.GetWindows() {
		option("--window", window)
	}
	option("--annotations", spec.GetAnnotations())
	for _, language := range spec.GetLanguages() {
		option("--language", language)
	}
	return []string{shell(survey), shell(reportCommand(a))}
}

func reportCommand(a *gromav1.Analysis) []string {
	words := []string{"groma", "report", a.Survey.GetId()}
	if a.Language == "" {
		return append(words, "--measure", a.Rule.Measure)
	}
	words = append(words, "--language", a.Language,
		"--pure", strconv.FormatFloat(float64(a.Rule.PurePartsPerMillion)/1e6, 'f', -1, 64),
		"--component-lines", strconv.FormatInt(a.Rule.ComponentLines, 10), "--measure", a.Rule.Measure)
	if name := a.Annotations.GetName(); name != "" && a.Survey.GetSpec().GetAnnotations() == "" {
		words = append(words, "--annotations", name) // of this report, not of its survey
	}
	return words
}

// shell writes words so that a shell reads the same words.
func shell(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if word != "" && !strings.ContainsFunc(word, func(c rune) bool {
			return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_./:=,@%+", c))
		}) {
			quoted[i] = word
			continue
		}
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
