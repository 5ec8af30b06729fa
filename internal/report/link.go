package report

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// A forge is how a code host writes the addresses of its pages.
type forge struct {
	tree, blob string // between repository and commit
	plain      string // asks for a text as it is, with its lines
}

var (
	github = &forge{tree: "/tree/", blob: "/blob/", plain: "?plain=1"}
	gitlab = &forge{tree: "/-/tree/", blob: "/-/blob/", plain: "?plain=1"}
	gitea  = &forge{tree: "/src/commit/", blob: "/src/commit/", plain: "?display=source"}
)

var forges = map[string]*forge{
	"github.com": github,
	"gitlab.com": gitlab, "framagit.org": gitlab, "salsa.debian.org": gitlab, "invent.kde.org": gitlab,
	"codeberg.org": gitea, "gitea.com": gitea, "opendev.org": gitea,
}

// forgeOf is how a host writes addresses, or nil where that is not known.
func forgeOf(host string) *forge {
	if f := forges[host]; f != nil {
		return f
	}
	if strings.HasPrefix(host, "gitlab.") {
		return gitlab
	}
	return nil
}

// pageOf is a repository's page for people, or empty.
func pageOf(r *gromav1.Repository) string {
	if forgeOf(r.Host) != nil && r.Name != "" {
		return "https://" + r.Host + escapePath(r.Owner+"/"+r.Name)
	}
	return webLink(r.Address)
}

// treeLink is the page of a repository's tree at a commit, or empty.
func treeLink(r *gromav1.Repository, commit string) string {
	f := forgeOf(r.Host)
	if f == nil || r.Name == "" || !isHash(commit) {
		return ""
	}
	return pageOf(r) + f.tree + commit
}

// lineLink is the page of a line of a file at a commit, or empty. Line 0 is
// the file.
func lineLink(r *gromav1.Repository, commit, file string, line int64) string {
	f := forgeOf(r.Host)
	if f == nil || r.Name == "" || !isHash(commit) || file == "" {
		return ""
	}
	link := pageOf(r) + f.blob + commit + escapePath(file)
	if line <= 0 {
		return link
	}
	if rendered(file) {
		link += f.plain
	}
	return fmt.Sprintf("%s#L%d", link, line)
}

// rendered reports whether hosts show a file as a page, which has no lines.
func rendered(file string) bool {
	return slices.Contains([]string{".md", ".markdown", ".rst", ".adoc", ".asciidoc", ".org", ".mdx"}, strings.ToLower(path.Ext(file)))
}

// escapePath writes a path as it stands in an address, with a slash before.
func escapePath(file string) string {
	var b strings.Builder
	for segment := range strings.SplitSeq(file, "/") {
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String()
}

func isHash(commit string) bool {
	return (len(commit) == 40 || len(commit) == 64) && strings.Trim(commit, "0123456789abcdef") == ""
}

// webLink is a stranger's address if it is one of the web, without user and
// with everything odd escaped; else it is empty.
func webLink(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(address) > longestLink {
		return ""
	}
	u.User = nil
	return u.String()
}

// longestLink is longer than any address that leads somewhere.
const longestLink = 2000
