package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

const (
	prefix     = "groma.notice."
	everything = prefix + ">"

	// longest is the length beyond which a token gives way to a digest: a
	// subject has to fit in one line of the protocol.
	longest = 200
)

// Subject is where a notice is published: groma.notice.<survey>.<event>, with
// the survey's name as [Token] writes it and planned, taken or reported for
// its event.
func Subject(n *gromav1.Notice) (string, error) {
	event := ""
	switch n.GetEvent().(type) {
	case *gromav1.Notice_Planned:
		event = "planned"
	case *gromav1.Notice_Taken:
		event = "taken"
	case *gromav1.Notice_Reported:
		event = "reported"
	}
	switch {
	case n.GetId() == "":
		return "", fault.Errorf(fault.Invalid, "notice without an id")
	case strings.ContainsAny(n.GetId(), "\r\n"):
		return "", fault.Errorf(fault.Invalid, "notice %q: a line break in its id", n.GetId())
	case n.GetSurvey() == "":
		return "", fault.Errorf(fault.Invalid, "notice %q names no survey", n.GetId())
	case event == "":
		return "", fault.Errorf(fault.Invalid, "notice %q has no event", n.GetId())
	}
	return prefix + Token(n.GetSurvey()) + "." + event, nil
}

// surveySubject matches all notices of one survey; of all surveys, where it is
// empty.
func surveySubject(survey string) string {
	if survey == "" {
		return everything
	}
	return prefix + Token(survey) + ".*"
}

// Token writes any name as one token of a NATS subject: letters, digits,
// hyphens and underscores as they are, every other byte as % and two
// hexadecimal digits. What would be longer than 200 bytes becomes %% and the
// name's SHA-256, the empty name a single %. So a token holds no dot, space or
// wildcard, is never empty, and different names have different tokens.
func Token(name string) string {
	if name == "" {
		return "%"
	}
	var token strings.Builder
	for i := 0; i < len(name) && token.Len() <= longest; i++ {
		if c := name[i]; plain(c) {
			token.WriteByte(c)
		} else {
			fmt.Fprintf(&token, "%%%02X", c)
		}
	}
	if token.Len() > longest {
		digest := sha256.Sum256([]byte(name))
		return "%%" + hex.EncodeToString(digest[:])
	}
	return token.String()
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
