package annotation

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"groma/internal/landscape"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// Keys of each kind of mapping.
var (
	keysOfFile       = []string{"author", "date", "source", "language", "projects"}
	keysOfProject    = []string{"project", "role", "why", "notes", "adopters", "adopters_link", "extra_repositories", "exclude_repositories", "roles", "exclude", "claims"}
	keysOfAdopter    = []string{"name", "link"}
	keysOfExtra      = []string{"address", "branch", "role"}
	keysOfExcluded   = []string{"address", "reason"}
	keysOfRepository = []string{"address", "role"}
	keysOfClaim      = []string{"says", "figure", "about", "repositories"}
)

// field is a key of a mapping, and its value.
type field struct {
	key   string
	line  int
	value *yaml.Node
}

// fields returns the keys of a mapping, of which each is known and stands once.
func (r *reader) fields(n *yaml.Node, what string, keys []string) []field {
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "%s should be a mapping with %s, and is %s", what, strings.Join(keys, ", "), describe(n))
		return nil
	}
	var fields []field
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch first := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || value.Kind == yaml.AliasNode:
			r.fail(key.Line, "YAML's anchors and merges are not read here: write it out")
		case !slices.Contains(keys, key.Value):
			r.fail(key.Line, "unknown key %s in %s%s", quoted(key.Value), what, hint(key.Value, keys))
		case first > 0:
			r.fail(key.Line, "key %s stands at line %d already", key.Value, first)
		default:
			seen[key.Value] = key.Line
			fields = append(fields, field{key.Value, key.Line, value})
		}
	}
	return fields
}

func hint(word string, known []string) string {
	if near := landscape.Nearest(strings.ToLower(word), known); near != "" {
		return " (did you mean " + strconv.Quote(near) + "?)"
	}
	return ": it may have " + strings.Join(known, ", ")
}

// describe says what a node is, for people.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.AliasNode:
		return "an alias, which is not read here: write it out"
	}
	if n.Tag == "!!null" {
		return "empty"
	}
	return "the text " + quoted(n.Value)
}

// list returns the elements of a list.
func (r *reader) list(f field, most int) []*yaml.Node {
	switch {
	case f.value.Kind != yaml.SequenceNode:
		r.fail(f.line, "%s should be a list, and is %s", f.key, describe(f.value))
	case len(f.value.Content) > most:
		r.fail(f.line, "%s has %d elements, and may have %d", f.key, len(f.value.Content), most)
	default:
		return f.value.Content
	}
	return nil
}

// text returns a text that is there, in one line.
func (r *reader) text(f field) string {
	text := ""
	if f.value.Kind == yaml.ScalarNode && f.value.Tag != "!!null" {
		text = clean(f.value.Value)
	}
	switch {
	case text == "":
		r.fail(f.line, "%s should be text, and is %s", f.key, describe(f.value))
	case utf8.RuneCountInString(text) > longestText:
		r.fail(f.line, "%s is longer than the %d characters that it may have", f.key, longestText)
		return ""
	}
	return text
}

// clean makes a text fit to be kept: one line of valid UTF-8, nothing that
// cannot be seen, no passwords in addresses.
func clean(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsGraphic(c):
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(string(landscape.Redact([]byte(text)))), " ")
}

// quoted is a text of the file inside a message.
func quoted(text string) string {
	if text = clean(text); len(text) > 100 {
		text = strings.ToValidUTF8(text[:100], "") + "…"
	}
	return strconv.Quote(text)
}

// link returns an http or https address.
func (r *reader) link(f field) string {
	text := r.text(f)
	u, err := url.Parse(text)
	if text == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && !strings.Contains(text, " ") {
		return text
	}
	r.fail(f.line, "%s should be an http or https address, and is %s", f.key, quoted(text))
	return ""
}

// address returns the address of a repository.
func (r *reader) address(f field) landscape.Address {
	if f.value.Kind != yaml.ScalarNode || f.value.Tag == "!!null" {
		r.fail(f.line, "the address of a repository should be here, and this is %s", describe(f.value))
		return landscape.Address{}
	}
	parsed, err := landscape.ParseAddress(f.value.Value)
	if err != nil {
		r.fail(f.line, "%s is no repository: %s", quoted(f.value.Value), clean(err.Error()))
		return landscape.Address{}
	}
	return parsed
}

var isDate = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)

// annotations reads the file.
func (r *reader) annotations(a *gromav1.Annotations, root *yaml.Node) {
	fields := r.fields(root, "the file", keysOfFile)
	if root.Kind == yaml.MappingNode && !slices.ContainsFunc(fields, func(f field) bool { return f.key == "projects" }) {
		r.fail(root.Line, "there is no key \"projects\" with a list")
	}
	for _, f := range fields {
		switch f.key {
		case "author":
			a.Author = r.text(f)
		case "source":
			a.Source = r.text(f)
		case "date":
			if a.Date = r.text(f); a.Date != "" && !isDate.MatchString(a.Date) {
				r.fail(f.line, "the date %s is not of the form YYYY-MM-DD", quoted(a.Date))
			}
		case "language":
			text := r.text(f)
			if a.Language = tally.LanguageNamed(text); text != "" && a.Language == "" {
				r.fail(f.line, "%s is no language that can be counted", quoted(text))
			}
		case "projects":
			r.projects(a, f)
		}
	}
}

func (r *reader) projects(a *gromav1.Annotations, f field) {
	seen := map[string]int64{}
	for _, n := range r.list(f, mostProjects) {
		p := r.project(n)
		if p == nil {
			continue
		}
		if first := seen[p.Slug]; first > 0 {
			r.fail(int(p.Line), "project %s stands at line %d already", quoted(p.Project), first)
			continue
		}
		seen[p.Slug] = p.Line
		a.Projects = append(a.Projects, p)
	}
}

// project reads what is said of one project, or nothing where none is named.
func (r *reader) project(n *yaml.Node) *gromav1.ProjectAnnotation {
	fields := r.fields(n, "a project", keysOfProject)
	p := &gromav1.ProjectAnnotation{Line: int64(n.Line)}
	for _, f := range fields {
		r.projectField(p, f)
	}
	if p.Project == "" {
		if n.Kind == yaml.MappingNode {
			r.fail(n.Line, "this says of no project what it says: it has no key \"project\"")
		}
		return nil
	}
	p.Slug = landscape.Slug(p.Project)
	r.settle(p)
	return p
}

func (r *reader) projectField(p *gromav1.ProjectAnnotation, f field) {
	switch f.key {
	case "project":
		p.Project = r.text(f)
	case "role":
		p.Role = r.text(f)
	case "why":
		p.Why = r.text(f)
	case "notes":
		for _, n := range r.list(f, mostListed) {
			p.Notes = append(p.Notes, r.text(field{"a note", n.Line, n}))
		}
	case "adopters":
		for _, n := range r.list(f, mostListed) {
			p.Adopters = append(p.Adopters, r.adopter(n))
		}
	case "adopters_link":
		p.AdoptersLink = r.link(f)
	case "extra_repositories":
		for _, n := range r.list(f, mostListed) {
			r.extra(p, n)
		}
	case "exclude_repositories":
		for _, n := range r.list(f, mostListed) {
			p.ExcludeRepositories = append(p.ExcludeRepositories, r.excluded(n))
		}
	case "roles":
		for _, n := range r.list(f, mostListed) {
			r.role(p, n)
		}
	case "claims":
		for _, n := range r.list(f, mostListed) {
			p.Claims = append(p.Claims, r.claim(n))
		}
	case "exclude":
		p.Excluded = &gromav1.Exclusion{Reason: r.text(f)}
	}
}

// adopter reads a name, or a name with a link.
func (r *reader) adopter(n *yaml.Node) *gromav1.AnnotatedAdopter {
	a := &gromav1.AnnotatedAdopter{}
	if n.Kind == yaml.ScalarNode {
		a.Name = r.text(field{"an adopter", n.Line, n})
		return a
	}
	for _, f := range r.fields(n, "an adopter", keysOfAdopter) {
		switch f.key {
		case "name":
			a.Name = r.text(f)
		case "link":
			a.Link = r.link(f)
		}
	}
	if a.Name == "" && n.Kind == yaml.MappingNode {
		r.fail(n.Line, "an adopter has no name")
	}
	return a
}

// extra reads an address, or an address with a branch and a role.
func (r *reader) extra(p *gromav1.ProjectAnnotation, n *yaml.Node) {
	at := field{"address", n.Line, n}
	var branch, role string
	if n.Kind != yaml.ScalarNode {
		at = field{}
		for _, f := range r.fields(n, "an extra repository", keysOfExtra) {
			switch f.key {
			case "address":
				at = f
			case "branch":
				branch = r.text(f)
			case "role":
				role = r.text(f)
			}
		}
	}
	if at.value == nil {
		r.noAddress(n, "an extra repository")
		return
	}
	a := r.address(at)
	if a.Key == "" {
		return
	}
	if branch == "" {
		branch = a.Branch
	}
	p.ExtraRepositories = append(p.ExtraRepositories, &gromav1.ExtraRepository{
		Key: a.Key, Host: a.Host, Owner: a.Owner, Name: a.Name,
		Address: a.Fetch, Branch: branch, Spelling: a.Spelling, Line: int64(at.line),
	})
	if role != "" {
		p.Roles = append(p.Roles, &gromav1.RepositoryRole{Key: a.Key, Role: role})
	}
}

func (r *reader) noAddress(n *yaml.Node, what string) {
	if n.Kind == yaml.MappingNode {
		r.fail(n.Line, "%s has no address", what)
	}
}

// excluded reads a repository that is left out, and why.
func (r *reader) excluded(n *yaml.Node) *gromav1.ExcludedRepository {
	e := &gromav1.ExcludedRepository{Line: int64(n.Line)}
	for _, f := range r.fields(n, "an excluded repository", keysOfExcluded) {
		switch f.key {
		case "address":
			e.Key = r.address(f).Key
		case "reason":
			e.Reason = r.text(f)
		}
	}
	if n.Kind == yaml.MappingNode && e.Reason == "" {
		r.fail(n.Line, "an excluded repository has no reason")
	}
	if e.Key == "" {
		r.noAddress(n, "an excluded repository")
	}
	return e
}

// role reads what one repository is for.
func (r *reader) role(p *gromav1.ProjectAnnotation, n *yaml.Node) {
	role := &gromav1.RepositoryRole{}
	for _, f := range r.fields(n, "the role of a repository", keysOfRepository) {
		switch f.key {
		case "address":
			role.Key = r.address(f).Key
		case "role":
			role.Role = r.text(f)
		}
	}
	if role.Key == "" || role.Role == "" {
		if n.Kind == yaml.MappingNode {
			r.fail(n.Line, "the role of a repository has an address and a role")
		}
		return
	}
	p.Roles = append(p.Roles, role)
}

// settle sorts what has keys, and refuses what stands twice.
func (r *reader) settle(p *gromav1.ProjectAnnotation) {
	of := func(what string) func(line int64, key string) {
		seen := map[string]bool{}
		return func(line int64, key string) {
			if key != "" && seen[key] {
				r.fail(int(line), "%s stands twice among %s of %s", quoted(key), what, quoted(p.Project))
			}
			seen[key] = true
		}
	}
	once := of("the repositories")
	for _, e := range p.ExtraRepositories {
		once(e.Line, e.Key)
	}
	for _, e := range p.ExcludeRepositories {
		once(e.Line, e.Key)
	}
	once = of("the roles")
	for _, role := range p.Roles {
		once(p.Line, role.Key)
	}
	slices.SortStableFunc(p.ExtraRepositories, func(a, b *gromav1.ExtraRepository) int { return strings.Compare(a.Key, b.Key) })
	slices.SortStableFunc(p.ExcludeRepositories, func(a, b *gromav1.ExcludedRepository) int { return strings.Compare(a.Key, b.Key) })
	slices.SortStableFunc(p.Roles, func(a, b *gromav1.RepositoryRole) int { return strings.Compare(a.Key, b.Key) })
}

// claim reads a figure that another report has.
func (r *reader) claim(n *yaml.Node) *gromav1.Claim {
	c := &gromav1.Claim{Line: int64(n.Line)}
	for _, f := range r.fields(n, "a claim", keysOfClaim) {
		switch f.key {
		case "says":
			c.Says = r.text(f)
		case "figure":
			c.Figure = r.figure(f)
		case "about":
			if f.value.Decode(&c.About) != nil {
				r.fail(f.line, "about should be true or false, and is %s", describe(f.value))
			}
		case "repositories":
			for _, n := range r.list(f, mostListed) {
				c.Repositories = append(c.Repositories, r.address(field{"address", n.Line, n}).Key)
			}
		}
	}
	if n.Kind == yaml.MappingNode && (c.Says == "" || c.Figure == 0) {
		r.fail(n.Line, "a claim says what it is of (says) and how much (figure)")
	}
	slices.Sort(c.Repositories)
	c.Repositories = slices.Compact(c.Repositories)
	return c
}

// figure returns a whole number above zero, with commas or without.
func (r *reader) figure(f field) int64 {
	figure, err := strconv.ParseInt(strings.ReplaceAll(r.text(f), ",", ""), 10, 64)
	if err != nil || figure <= 0 {
		r.fail(f.line, "%s should be a whole number above zero, and is %s", f.key, describe(f.value))
		return 0
	}
	return figure
}
