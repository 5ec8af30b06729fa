package report

import (
	"strings"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

func TestJudge(t *testing.T) {
	figures := &gromav1.Figures{Code: 1000, Lines: 1400, HostBytes: 50_000}
	for _, test := range []struct {
		claim   *gromav1.CheckedClaim
		is      string
		exact   bool
		verdict string
	}{
		{&gromav1.CheckedClaim{Figure: 1000}, claimCode, true, "just the lines of code"},
		{&gromav1.CheckedClaim{Figure: 1400}, claimLines, true, "just the lines, with comments and blanks"},
		{&gromav1.CheckedClaim{Figure: 50_000}, claimBytes, true, "just the bytes as the host counts them: not lines"},
		{&gromav1.CheckedClaim{Figure: 49_000, About: true}, claimBytes, true, "the bytes as the host counts them, rounded: not lines"},
		{&gromav1.CheckedClaim{Figure: 49_000}, claimBytes, false, "near the bytes as the host counts them, off by 2.0 %: not lines"},
		{&gromav1.CheckedClaim{Figure: 1001}, claimCode, false, "near the lines of code, off by 0.1 %"},
		{&gromav1.CheckedClaim{Figure: 10_000}, claimNone, false, "near nothing that was counted"},
	} {
		c := test.claim
		c.Figures = figures
		judge(c)
		if c.Is != test.is || c.Exact != test.exact || c.Verdict != test.verdict {
			t.Errorf("%d about %v is %s, exactly %v: %s; want %s, %v: %s", c.Figure, c.About, c.Is, c.Exact, c.Verdict, test.is, test.exact, test.verdict)
		}
	}
}

// Claims are checked over the repositories they are of, and only where all of
// those have a count and the language is the annotations'.
func TestAnalyse_Claims(t *testing.T) {
	row := func(key, outcome string, code int64) *gromav1.Repository {
		return &gromav1.Repository{Key: key, Outcome: outcome, Tally: []*gromav1.Tally{{Language: "Rust", Class: "source", Files: 1, Lines: code, Code: code, Bytes: 30 * code}}}
	}
	r := &gromav1.Report{
		Survey:       &gromav1.SurveyFacts{Spec: &gromav1.SurveySpec{}},
		Projects:     []*gromav1.Project{{Slug: "p", Name: "P", Repositories: []string{"h/o/a", "h/o/b", "h/o/c"}}},
		Repositories: []*gromav1.Repository{row("h/o/a", "counted", 1000), row("h/o/b", "reused", 500), {Key: "h/o/c", Outcome: "not-found"}},
		Annotations: &gromav1.Annotations{Language: "Rust", Name: "a.yml", Projects: []*gromav1.ProjectAnnotation{{Slug: "p", Claims: []*gromav1.Claim{
			{Says: "all", Figure: 1500},
			{Says: "two", Figure: 45_000, Repositories: []string{"h/o/b", "h/o/a"}},
		}}}},
	}
	a := Analyse(r, Settings{Language: "Rust"})
	if len(a.Claims) != 2 || a.Claims[0].Is != claimUnknown || a.Claims[1].Is != claimBytes || !a.Claims[1].Exact {
		t.Fatalf("claims are %v", a.Claims)
	}
	want := "Of 1 figure that could be checked, 1 is bytes, 0 are lines (with comments and blanks or without), and 0 are near neither; 1 figure could not be checked."
	if got := ClaimsSummary(a); got != want {
		t.Errorf("in short: %s", got)
	}
	if text := string(Markdown(a)); !strings.Contains(text, "### Figures of another report") || !strings.Contains(text, "just the bytes as the host counts them: not lines") {
		t.Errorf("the report does not tell:\n%s", text)
	}
	if a := Analyse(r, Settings{Language: "Go"}); len(a.Claims) != 0 {
		t.Errorf("claims about Rust are checked against Go: %v", a.Claims)
	}
}
