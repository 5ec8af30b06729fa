package reporttest

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Rewritten is an analysis, or a difference, in which every text that may be a
// stranger's is another. Slugs, languages and groups decide what stands where, and stay.
func Rewritten[M proto.Message](a M, text string) M {
	a = proto.CloneOf(a)
	rewrite(a.ProtoReflect(), text)
	return a
}

// decisive are the fields that decide which elements there are; those of them
// that strangers write are names, by which projects and languages are found.
var decisive = []protoreflect.Name{"slug", "group", "maturity", "measure", "window", "windows", "health_window", "top_organisation", "evidence", "ecosystems", "what", "known_by", "cause", "presence"}

func rewrite(m protoreflect.Message, text string) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		slugs := field.Name() == "projects" || field.Name() == "accepted" || field.Name() == "shared_with" || field.Name() == "graduated" || field.Name() == "incubating" || field.Name() == "archived"
		switch {
		case slices.Contains(decisive, field.Name()) || field.IsMap():
		case field.IsList() && field.Kind() == protoreflect.MessageKind:
			for i := range value.List().Len() {
				rewrite(value.List().Get(i).Message(), text)
			}
		case field.Kind() == protoreflect.MessageKind:
			rewrite(value.Message(), text)
		case field.Kind() != protoreflect.StringKind || slugs && field.IsList():
		case field.IsList():
			for i := range value.List().Len() {
				value.List().Set(i, protoreflect.ValueOfString(text))
			}
		case strings.Contains(string(field.Name()), "link") || field.Name() == "source":
			m.Set(field, protoreflect.ValueOfString("https://example.com/"+text))
		default:
			m.Set(field, protoreflect.ValueOfString(text))
		}
		return true
	})
}
