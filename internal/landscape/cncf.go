package landscape

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readLandscape reads YAML as CNCF's landscape has it.
func (s *reading) readLandscape(data []byte) error {
	t, err := parseTree(sourceLandscape, data, s.notes)
	if err != nil {
		return err
	}
	top := t.fields(t.root)
	if !slices.ContainsFunc(top, isTop) {
		return notLandscape(t.root, top)
	}
	r := &itemReader{tree: t, reading: s}
	r.unknown(levelTop, "", top)
	for _, f := range top {
		if !isTop(f) {
			continue
		}
		for _, category := range t.list(f) {
			r.category(category)
		}
	}
	if err := t.spent(); err != nil {
		return err
	}
	s.tellOddities()
	return nil
}

func isTop(f field) bool { return f.key == "landscape" || f.key == "categories" }

// notLandscape says what was found where a landscape was expected.
func notLandscape(root *yaml.Node, top []field) error {
	const expected = `expected a key "landscape" with a list of categories`
	if root.Kind != yaml.MappingNode {
		hint := ""
		if root.Kind == yaml.SequenceNode {
			hint = "; if it is CLOMonitor's file, it belongs beside a landscape, not in its place"
		}
		return fmt.Errorf("it is no landscape: %s, found %s%s", expected, describe(root), hint)
	}
	var keys []string
	for _, f := range top[:min(len(top), 5)] {
		keys = append(keys, quoted(f.key))
	}
	if len(keys) == 0 {
		return fmt.Errorf("it is no landscape: %s, found no keys at all", expected)
	}
	return fmt.Errorf("it is no landscape: %s, found the keys %s%s", expected, strings.Join(keys, ", "), didYouMean(top[0].key, levelTop.keys))
}

// itemReader walks from categories down to items.
type itemReader struct {
	*tree
	*reading
	categoryName, subcategoryName string
}

func (r *itemReader) category(n *yaml.Node) {
	fields := r.mapping(n, "a category")
	r.unknown(levelCategory, "", fields)
	r.categoryName = r.nameOf(fields, n, "a category")
	for _, f := range fields {
		if f.key != "subcategories" {
			continue
		}
		subcategories := r.list(f)
		if len(subcategories) == 0 {
			r.warn(f.line, "category %s has no subcategories", quoted(r.categoryName))
		}
		for _, sub := range subcategories {
			r.subcategory(sub)
		}
	}
}

func (r *itemReader) subcategory(n *yaml.Node) {
	fields := r.mapping(n, "a subcategory")
	r.unknown(levelSubcategory, "", fields)
	r.subcategoryName = r.nameOf(fields, n, "a subcategory")
	for _, f := range fields {
		if f.key != "items" {
			continue
		}
		items := r.list(f)
		if len(items) == 0 {
			r.warn(f.line, "subcategory %s has no items", quoted(r.categoryName+" / "+r.subcategoryName))
		}
		for _, item := range items {
			r.item(item)
		}
	}
}

// mapping returns the fields of a node that ought to have some.
func (r *itemReader) mapping(n *yaml.Node, what string) []field {
	if n.Kind != yaml.MappingNode {
		r.warn(n.Line, "%s should be here, and this is %s: it is not read", what, describe(n))
		return nil
	}
	return r.fields(n)
}

func (r *itemReader) nameOf(fields []field, n *yaml.Node, what string) string {
	for _, f := range fields {
		if f.key == "name" {
			if name := r.prose(f); name != "" {
				return name
			}
		}
	}
	if n.Kind == yaml.MappingNode {
		r.warn(n.Line, "%s has no name", what)
	}
	return ""
}

func (r *itemReader) item(n *yaml.Node) {
	fields := r.mapping(n, "an item")
	if len(fields) == 0 {
		if n.Kind == yaml.MappingNode {
			r.warn(n.Line, "an item has no keys at all: it is not read")
		}
		return
	}
	fields = r.unwrap(n, fields)
	e := &entry{category: r.categoryName, subcategory: r.subcategoryName, line: n.Line}
	r.entries = append(r.entries, e)
	e.name = r.nameOf(fields, n, "an item")
	r.unknown(levelItem, e.name, fields)
	if !slices.ContainsFunc(fields, func(f field) bool { return f.key == "item" }) {
		r.warn(n.Line, `item %s lacks the marker "item:"; it is read all the same`, quoted(e.name))
	}
	var primaryBranch string
	for _, f := range fields {
		if f.key == "branch" {
			primaryBranch = r.branch(e, f)
		}
	}
	for _, f := range fields {
		r.itemField(e, f, primaryBranch)
	}
	putPrimaryFirst(e)
	if e.name == "" {
		e.name = "unnamed"
		if len(e.references) > 0 {
			e.name = nameFrom(e.references[0].address)
		}
	}
}

// unwrap reads an item that was indented below its own marker.
func (r *itemReader) unwrap(n *yaml.Node, fields []field) []field {
	for i, f := range fields {
		if f.key == "item" && f.value.Kind == yaml.MappingNode {
			r.warn(n.Line, `an item stands below its marker "item:", not beside it; it is read all the same`)
			rest := slices.Delete(slices.Clone(fields), i, i+1)
			return slices.Concat([]field{{"item", f.line, nothing}}, r.fields(f.value), rest)
		}
	}
	return fields
}

func (r *itemReader) itemField(e *entry, f field, primaryBranch string) {
	switch f.key {
	case "project":
		e.maturity = r.maturity(e, f)
		e.project = e.maturity != ""
	case "homepage_url":
		e.homepage = r.prose(f)
	case "description":
		if e.description = r.prose(f); isNull(f.value) {
			r.warn(f.line, "item %s has a description that is empty", quoted(e.name))
		}
	case "repo_url":
		r.repository(e, f, primaryBranch, rolePrimary)
	case "additional_repos":
		for _, n := range r.list(f) {
			r.additional(e, n)
		}
	case "extra":
		if !isNull(f.value) {
			r.extra(e, r.mapping(f.value, "the extra of "+quoted(e.name)))
		}
	case "second_path":
		r.tree.notes.gather(r.source, f.line, "second_path shows an item in a second place; each item is counted once")
	case "project_org":
		r.tree.notes.gather(r.source, f.line, "project_org names a whole organisation; only the repositories that an item names are surveyed")
	}
}

func (r *itemReader) maturity(e *entry, f field) string {
	maturity := strings.ToLower(r.prose(f))
	switch {
	case maturity == "":
		r.warn(f.line, "item %s has a project that is empty: it is taken for no CNCF project", quoted(e.name))
	case !slices.Contains(Maturities, maturity):
		r.warn(f.line, "item %s has the maturity %s%s, which is not CNCF's", quoted(e.name), quoted(maturity), didYouMean(maturity, Maturities))
	}
	return maturity
}

func (r *itemReader) branch(e *entry, f field) string {
	branch := r.prose(f)
	if branch != "" {
		r.warn(f.line, "item %s asks for branch %s; it is counted in place of the default branch", quoted(e.name), quoted(branch))
	}
	return branch
}

func (r *itemReader) additional(e *entry, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		r.warn(n.Line, "item %s has an additional repository without its key repo_url; it is read all the same", quoted(e.name))
		r.repository(e, field{"repo_url", n.Line, n}, "", roleAdditional)
		return
	}
	fields := r.mapping(n, "an additional repository of "+quoted(e.name))
	r.unknown(levelAdditional, e.name, fields)
	var branch string
	for _, f := range fields {
		if f.key == "branch" {
			branch = r.branch(e, f)
		}
	}
	for _, f := range fields {
		if f.key == "repo_url" {
			r.repository(e, f, branch, roleAdditional)
		}
	}
}

// repository adds what a repo_url names.
func (r *itemReader) repository(e *entry, f field, branch, role string) {
	address := r.text(f)
	if address == "" && f.value.Kind == yaml.ScalarNode {
		r.warn(f.line, "item %s has a repo_url that is empty", quoted(e.name))
	}
	if address == "" {
		return
	}
	r.tellAddress(e, e.refer(address, branch, role, r.source, f.line), address)
}

// putPrimaryFirst holds wherever repo_url stands in the item.
func putPrimaryFirst(e *entry) {
	slices.SortStableFunc(e.references, func(a, b reference) int {
		switch {
		case a.role == b.role:
			return 0
		case a.role == rolePrimary:
			return -1
		case b.role == rolePrimary:
			return 1
		}
		return 0
	})
}

func (r *itemReader) extra(e *entry, fields []field) {
	r.unknown(levelExtra, e.name, fields)
	for _, f := range fields {
		switch f.key {
		case "accepted":
			e.dates.accepted = r.date(e, f)
		case "incubating":
			e.dates.incubating = r.date(e, f)
		case "graduated":
			e.dates.graduated = r.date(e, f)
		case "archived":
			e.dates.archived = r.date(e, f)
		case "specification":
			e.specification = r.text(f) == "true"
		case "clomonitor_name":
			e.clomonitor = f
		}
	}
}

var isDate = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)

// date returns a day; a time of that day is cut off.
func (r *itemReader) date(e *entry, f field) string {
	text := r.text(f)
	if day, _, _ := strings.Cut(text, "T"); isDate.MatchString(day) {
		return day
	}
	if text != "" {
		r.warn(f.line, "item %s has the date %s for %s, which is not of the form YYYY-MM-DD: it is not read", quoted(e.name), quoted(text), f.key)
	}
	return ""
}
