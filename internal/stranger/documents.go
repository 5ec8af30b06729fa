package stranger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"groma/internal/annotation"
	"groma/internal/landscape"
	"groma/internal/source"
	gromav1 "groma/proto/groma/v1"
)

// documents are cases of what a survey reads that is no repository.
func documents() []*Case {
	item := func(name, address string) string {
		return "          - name: " + name + "\n            repo_url: " + address + "\n            project: graduated\n"
	}
	const top = "landscape:\n  - category:\n    name: A\n    subcategories:\n      - subcategory:\n        name: B\n        items:\n"
	laughs := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	merges := "a: &a {x: 1}\n"
	for c := 'b'; c < 'k'; c++ {
		merges += fmt.Sprintf("%c: &%c {<<: [%s]}\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	return []*Case{
		document("a landscape of two projects", "read", "2 projects, 2 repositories", top+item("One", "https://github.com/o/one")+item("Two", "https://github.com/o/two")),
		document("a landscape whose merges unfold without end", "refused", "unfold", merges+top+"          - <<: *j\n"),
		document("a landscape that is an alias of aliases of aliases", "read", "0 projects", laughs+"landscape: *j\n"),
		document("aliases that unfold where nobody looks", "read", "1 projects", laughs+top+item("One", "https://github.com/o/one")),
		document("an alias within itself", "read", "0 projects", "landscape: &a [*a, {category: , subcategories: *a, items: *a}]\n"),
		document("a merge of itself", "read", "", top+"          - &x\n            <<: *x\n            name: One\n            repo_url: https://github.com/o/one\n            project: graduated\n"),
		document("anchors and merges, as people use them", "read", "2 projects, 2 repositories", top+"          - &x\n            name: One\n            repo_url: https://github.com/o/one\n            project: graduated\n          - <<: *x\n            name: Two\n            repo_url: https://github.com/o/two\n"),
		document("brackets 100,000 deep", "refused", "", "landscape: "+strings.Repeat("[", 100_000)),
		document("names of control characters and markup", "read", "1 projects", top+item(`"\e[2J\u202e<script>"`, "https://github.com/o/one")),
		document("addresses of everything but repositories", "read", "4 repositories, 1 of them to be asked", top+item("One", "file:///etc/passwd")+item("Two", `"ext::sh -c id"`)+item("Three", `"-oProxyCommand=id:x"`)+item("Four", `"https://github.com/../.."`)),
		document("what is no UTF-8", "refused", "", "landscape:\n  - \xff\xfe\n"),
		document("a web page", "refused", "", "<!doctype html><html></html>"),
		document("nothing", "refused", "", ""),
		documentOf("20 MB of a landscape: 150,000 projects", "read", "150000 projects, 150000 repositories", true, 2<<30, time.Minute, func() string {
			var b strings.Builder
			b.WriteString(top)
			for i := range 150_000 {
				b.WriteString(item(fmt.Sprintf("Project %d", i), fmt.Sprintf("https://github.com/o/%d", i)))
			}
			return b.String()
		}),
		documentOf("a landscape of 100 MB", "refused", "larger than", false, 0, 0, func() string { return top + strings.Repeat("# nothing\n", 10<<20) }),
		documentOf("30 MB of dashes", "refused", "keys, values and elements", false, 0, 0, func() string { return "landscape:\n" + strings.Repeat("- - - - - - - - x\n", 30<<20/18) }),
		documentOf("30 MB of brackets and commas", "refused", "keys, values and elements", false, 0, 0, func() string { return "landscape: [" + strings.Repeat("a,", 15<<20) + "]\n" }),
		documentOf("a list of 2 million lines", "refused", "2097152 addresses, and may have 500000", false, 256<<20, 0, func() string { return strings.Repeat("https://github.com/o/one\n", 2<<20) }),
		documentOf("a list of 500,000 repositories", "read", "500000 projects, 500000 repositories", true, 1<<30, time.Minute, func() string { return numbered("https://github.com/o/%d\n", 500_000) }),
		documentOf("63 MB of a landscape: 1,900,000 elements, just within both bounds", "read", "0 projects", true, 3<<29, 2*time.Minute, func() string {
			return "landscape: [" + strings.Repeat(strings.Repeat("a", 32)+",", 1_900_000) + "]\n"
		}),
		documentOf("a landscape of 20,000 oddities", "read", "10001 warnings", false, 0, 0, func() string { return top + "          - name: One\n" + numbered("            key%d: x\n", 20_000) }),
		annotations("annotations whose aliases unfold", "refused", "", laughs+"projects: *j\n"),
		annotations("annotations 100,000 deep", "refused", "", "projects: "+strings.Repeat("[", 100_000)),
		annotations("annotations of 5 MB", "refused", "", "projects:\n"+strings.Repeat("  - {project: x}\n", 300_000)),
		annotations("annotations of 4 MB of commas", "refused", "keys, values and elements", "projects: ["+strings.Repeat("a,", 2_000_000)+"]\n"),
		annotations("annotations that name 30,000 projects", "refused", "", "projects:\n"+strings.Repeat("  - {project: x}\n", 30_000)),
		annotations("annotations with control characters", "read", "", "projects:\n  - project: One\n    why: \"\\e[2J\\u202e<script>\"\n"),
		monitored("a file of CLOMonitor's whose aliases unfold", "refused", "", laughs+"- *j\n"),
		monitored("a file of CLOMonitor's that is 100,000 deep", "refused", "", strings.Repeat("- ", 100_000)+"x\n"),
		monitored("a file of CLOMonitor's that unfolds: 1,000 repositories for each of 10,000 projects", "refused", "", "- name: one\n  repositories: &a\n"+strings.Repeat("    - {name: x, url: https://github.com/o/x}\n", 1000)+strings.Repeat("- {name: one, repositories: *a}\n", 10_000)),
	}
}

// numbered is a line for each number.
func numbered(line string, count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

// document is a file that is given as the landscape.
func document(what, outcome, says, text string) *Case {
	return documentOf(what, outcome, says, false, 0, 0, func() string { return text })
}

func documentOf(what, outcome, says string, heavy bool, memory int64, most time.Duration, text func() string) *Case {
	return &Case{
		Name: what, Heavy: heavy, Outcome: outcome, Says: says, Memory: memory, Time: most,
		prepare:  func(folder string) error { return os.WriteFile(landscapeIn(folder), []byte(text()), 0o600) },
		document: readDocument,
	}
}

func landscapeIn(folder string) string { return filepath.Join(folder, "landscape.yml") }

func readDocument(folder string) (string, error) {
	path := landscapeIn(folder)
	read, err := source.Read(context.Background(), path, nil)
	if err != nil {
		return "", err
	}
	return saysOf(landscape.Read(read.Kind, read.Document, nil, nil))
}

// saysOf says what a landscape comes to.
func saysOf(l *gromav1.Landscape, err error) (string, error) {
	if err != nil {
		return "", err
	}
	asked := 0
	for _, r := range l.Repositories {
		if r.Outcome == "" {
			asked++
		}
	}
	return fmt.Sprintf("%d projects, %d repositories, %d of them to be asked, %d warnings", len(l.Projects), len(l.Repositories), asked, len(l.Warnings)), nil
}

func annotations(what, outcome, says, text string) *Case {
	return &Case{Name: what, Outcome: outcome, Says: says, document: func(string) (string, error) {
		a, err := annotation.Parse("annotations.yml", []byte(text))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d projects", len(a.Projects)), nil
	}}
}

// monitored is a file of CLOMonitor's, beside a landscape of one project.
func monitored(what, outcome, says, text string) *Case {
	const one = "landscape:\n  - category:\n    name: A\n    subcategories:\n      - subcategory:\n        name: B\n        items:\n          - name: One\n            repo_url: https://github.com/o/one\n            project: graduated\n            extra: {clomonitor_name: one}\n"
	return &Case{Name: what, Outcome: outcome, Says: says, document: func(string) (string, error) {
		return saysOf(landscape.Read(landscape.KindLandscape, landscape.Document{Name: "landscape.yml", Data: []byte(one)}, &landscape.Document{Name: "clomonitor.yaml", Data: []byte(text)}, nil))
	}}
}
