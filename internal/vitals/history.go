package vitals

import "time"

// An Ask says how much of a history is wanted.
type Ask struct {
	// Since is the instant from which on commits are wanted. Zero means all.
	Since time.Time
	// Tags chooses, among the names of all tags, those whose times matter, and
	// so bounds what they cost. Nil means none.
	Tags func(names []string) []string
}

// A History is commits and tags without anything that they hold.
type History struct {
	// Head is the full hash of the commit that it is read from, and HeadAt its
	// committer's time.
	Head   string
	HeadAt time.Time
	// Commits are those that can be reached from the head, by any parent, and
	// whose committer's time is not before what was asked for. They are in no
	// order; each stands once.
	Commits []Commit
	// First is the earliest time of a commit without parents. It is zero
	// unless the history was read to all its ends.
	First time.Time
	// Tags are all tags, sorted by name.
	Tags []Tag
	// Bounds are the limits that were reached.
	Bounds []Bound
}

// A Commit is what a history says of one commit.
type Commit struct {
	Author    Person
	Authored  time.Time
	Committed time.Time
	Parents   int
}

// A Person is a name and an e-mail address, as a stranger wrote them.
type Person struct{ Name, Mail string }

// A Tag is a name for a commit.
type Tag struct {
	// Name has no refs/tags/ before it.
	Name string
	// Commit is the full hash of what it names, behind any number of tags.
	Commit string
	// At is the tagger's time of an annotated tag, else the committer's time
	// of the commit. It is zero for a tag that was not asked for.
	At time.Time
}

// A Bound is a limit that was reached; gromav1.Bound has the words.
type Bound struct {
	What  string
	Limit int64
}
