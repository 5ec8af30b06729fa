package report

import (
	"math"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// Settings say what a report is to be about. Their zero value means a report
// on all languages by lines of code.
type Settings struct {
	// Language is the one to report on, as the tally names it; empty means
	// all.
	Language string
	// Pure is the share from which on a project is pure, above 0 and at most
	// 1; zero means 0.89.
	Pure float64
	// ComponentLines is how many lines of code make a component; zero means
	// 1,000.
	ComponentLines int64
	// Measure is code, lines or bytes: the figure that decides shares, order
	// and who is pure; empty means code.
	Measure string
}

// Measures are the figures that may decide.
var Measures = []string{"code", "lines", "bytes"}

// What Settings mean where they say nothing.
const (
	DefaultPure           = 0.89
	DefaultComponentLines = 1000
)

// Groups of projects; each project is in exactly one.
const (
	GroupPure      = "pure"      // the language's share reaches the threshold
	GroupComponent = "component" // its code reaches the floor
	GroupPackages  = "packages"  // below the floor, but there are packages of its ecosystem
	GroupTraces    = "traces"    // below the floor, and no packages
	GroupNone      = "none"      // nothing at all
	GroupUncounted = "uncounted" // no repository has a count
)

// Evidence: where a language was found.
const (
	EvidenceMain      = "main repository"
	EvidenceSecondary = "secondary repository"
	EvidencePackages  = "packages only"
)

// ruleOf spells settings out.
func ruleOf(s Settings) *gromav1.Rule {
	rule := &gromav1.Rule{Measure: s.Measure, ComponentLines: s.ComponentLines, Ecosystems: ecosystems[s.Language]}
	if s.Pure <= 0 || s.Pure > 1 || math.IsNaN(s.Pure) {
		s.Pure = DefaultPure
	}
	rule.PurePartsPerMillion = int64(math.Round(1e6 * s.Pure))
	if rule.ComponentLines <= 0 {
		rule.ComponentLines = DefaultComponentLines
	}
	if !slices.Contains(Measures, rule.Measure) {
		rule.Measure = Measures[0]
	}
	return rule
}

// groupOf decides which group a project with a count is in. Whole numbers are
// compared, so that a share just at the threshold has reached it everywhere.
func groupOf(rule *gromav1.Rule, language *gromav1.Figures, share *gromav1.Share, packages int64) string {
	switch {
	case share.Part > 0 && reaches(share, rule.PurePartsPerMillion):
		return GroupPure
	case language.GetCode() >= rule.ComponentLines:
		return GroupComponent
	case packages > 0:
		return GroupPackages
	case language.GetFiles() > 0 || language.GetHostBytes() > 0:
		return GroupTraces
	}
	return GroupNone
}

// reaches reports whether a share is at least so many parts of a million.
func reaches(share *gromav1.Share, parts int64) bool {
	return perParts(share.Part, share.Whole, 1_000_000) >= parts
}

// evidenceOf says where a project's language was found: in its main repository
// if that reaches the floor or, where none does, has the most.
func evidenceOf(rule *gromav1.Rule, group string, repositories []*gromav1.RepositoryAnalysis) string {
	if group == GroupPackages {
		return EvidencePackages
	}
	var main, most int64
	for _, r := range repositories {
		if r.Main {
			main = r.Figures.Code
		}
		most = max(most, r.Figures.Code)
	}
	if main > 0 && (main >= rule.ComponentLines || main == most) {
		return EvidenceMain
	}
	return EvidenceSecondary
}

// ecosystems are where a language's packages are published, sorted.
var ecosystems = map[string][]string{
	"C#":           {"nuget"},
	"Clojure":      {"maven"},
	"Dart":         {"pub"},
	"Elixir":       {"hex"},
	"Erlang":       {"hex"},
	"F#":           {"nuget"},
	"Go":           {"go"},
	"Groovy":       {"gradle", "maven"},
	"Java":         {"gradle", "maven"},
	"JavaScript":   {"npm"},
	"JSX":          {"npm"},
	"Kotlin":       {"gradle", "maven"},
	"PHP":          {"composer"},
	"Python":       {"pypi"},
	"Ruby":         {"rubygems"},
	"Rust":         {"cargo"},
	"Scala":        {"maven"},
	"Swift":        {"swift"},
	"TypeScript":   {"npm"},
	"Visual Basic": {"nuget"},
}

// packagesOf is how many packages of some ecosystems there are; without any
// ecosystem named, of all.
func packagesOf(packages map[string]int64, ecosystems []string, language string) (n int64) {
	for ecosystem, count := range packages {
		if language == "" || slices.Contains(ecosystems, ecosystem) {
			n += count
		}
	}
	return n
}
