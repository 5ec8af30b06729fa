package words

import "strings"

// A language is one whose name sentences are searched for, as the tally names
// it. Markup, data and what only configures are none.
type language struct {
	name string
	// spellings are those met in sentences; one may be of two words.
	spellings []string
	kind      ambiguity
}

// ambiguity says what it takes to believe that a word names a language.
type ambiguity int

const (
	// clear names are hardly ever anything else.
	clear ambiguity = iota
	// common is the word Go: a language so frequent that "in Go" will do.
	common
	// ambiguous names are also words, products or people.
	ambiguous
	// letter names are one letter, and beside few words a language.
	letter
	// made names are believed only of something made in the language: they are
	// everyday words, or say nothing of a project, as a shell script in its docs.
	made
)

var languages = []language{
	{"ABAP", []string{"ABAP"}, clear},
	{"Ada", []string{"Ada"}, made},
	{"Agda", []string{"Agda"}, ambiguous},
	{"Assembly", []string{"Assembly", "assembly", "assembler"}, made},
	{"BASH", []string{"Bash", "bash"}, made},
	{"C", []string{"C"}, letter},
	{"C#", []string{"C#"}, clear},
	{"C++", []string{"C++"}, clear},
	{"COBOL", []string{"COBOL", "Cobol"}, clear},
	{"Chapel", []string{"Chapel"}, made},
	{"Clojure", []string{"Clojure"}, clear},
	{"ClojureScript", []string{"ClojureScript"}, clear},
	{"CoffeeScript", []string{"CoffeeScript"}, clear},
	{"Coq", []string{"Coq"}, ambiguous},
	{"Crystal", []string{"Crystal"}, made},
	{"Cuda", []string{"CUDA"}, ambiguous},
	{"Cython", []string{"Cython"}, clear},
	{"D", []string{"D"}, letter},
	{"Dart", []string{"Dart"}, ambiguous},
	{"Elixir", []string{"Elixir"}, clear},
	{"Elm", []string{"Elm"}, ambiguous},
	{"Emacs Lisp", []string{"Emacs Lisp"}, clear},
	{"Erlang", []string{"Erlang"}, clear},
	{"F#", []string{"F#"}, clear},
	{"FORTRAN Legacy", []string{"Fortran", "FORTRAN"}, clear},
	{"Forth", []string{"Forth"}, made},
	{"Gleam", []string{"Gleam"}, made},
	{"Go", []string{"Go"}, common},
	{"Go", []string{"Golang", "GoLang", "golang", "GOLANG"}, clear},
	{"Groovy", []string{"Groovy"}, ambiguous},
	{"Haskell", []string{"Haskell"}, clear},
	{"Haxe", []string{"Haxe"}, clear},
	{"Idris", []string{"Idris"}, ambiguous},
	{"Java", []string{"Java"}, clear},
	{"JavaScript", []string{"JavaScript", "Javascript"}, clear},
	{"Jsonnet", []string{"Jsonnet"}, clear},
	{"Julia", []string{"Julia"}, ambiguous},
	{"Kotlin", []string{"Kotlin"}, clear},
	{"Lean", []string{"Lean"}, made},
	{"Lisp", []string{"Lisp", "Common Lisp"}, ambiguous},
	{"Lua", []string{"Lua"}, clear},
	{"Luau", []string{"Luau"}, clear},
	{"MATLAB", []string{"MATLAB"}, clear},
	{"Nim", []string{"Nim"}, ambiguous},
	{"Nix", []string{"Nix"}, made},
	{"OCaml", []string{"OCaml", "Ocaml"}, clear},
	{"Objective C", []string{"Objective-C", "Objective C"}, clear},
	{"Objective C++", []string{"Objective-C++", "Objective C++"}, clear},
	{"Odin", []string{"Odin"}, made},
	{"PHP", []string{"PHP"}, clear},
	{"Pascal", []string{"Pascal"}, made},
	{"Perl", []string{"Perl"}, clear},
	{"Pony", []string{"Pony"}, made},
	{"Powershell", []string{"PowerShell", "Powershell"}, clear},
	{"Prolog", []string{"Prolog"}, clear},
	{"PureScript", []string{"PureScript"}, clear},
	{"Python", []string{"Python", "Python3"}, clear},
	{"R", []string{"R"}, letter},
	{"Racket", []string{"Racket"}, made},
	{"Raku", []string{"Raku"}, clear},
	{"ReScript", []string{"ReScript"}, clear},
	{"ReasonML", []string{"ReasonML"}, clear},
	{"Ruby", []string{"Ruby"}, clear},
	{"Rust", []string{"Rust"}, clear},
	{"Scala", []string{"Scala"}, clear},
	{"Scheme", []string{"Scheme"}, made},
	{"Shell", []string{"Shell", "shell"}, made},
	{"Smalltalk", []string{"Smalltalk"}, clear},
	{"Solidity", []string{"Solidity"}, clear},
	{"Swift", []string{"Swift"}, ambiguous},
	{"SystemVerilog", []string{"SystemVerilog"}, clear},
	{"TCL", []string{"Tcl", "TCL"}, clear},
	{"TypeScript", []string{"TypeScript", "Typescript"}, clear},
	{"V", []string{"V"}, made},
	{"VHDL", []string{"VHDL"}, clear},
	{"Vala", []string{"Vala"}, ambiguous},
	{"Verilog", []string{"Verilog"}, clear},
	{"Visual Basic", []string{"Visual Basic"}, clear},
	{"Zig", []string{"Zig"}, clear},
}

// spelling is one way to write a language's name.
type spelling struct {
	language *language
	// second is the second word, or empty.
	second string
	// lower is set for a spelling in lower case that is not the language's
	// own: it is believed only of something made in it.
	lower bool
}

// spellings are those that begin with a word, the longest first.
var spellings = spellingsOf(languages)

func spellingsOf(languages []language) map[string][]spelling {
	all := map[string][]spelling{}
	for i := range languages {
		l := &languages[i]
		for _, text := range l.spellings {
			first, second := twoWords(text)
			if s := (spelling{language: l, second: second}); second != "" {
				all[first] = append([]spelling{s}, all[first]...)
			} else {
				all[first] = append(all[first], s)
			}
		}
	}
	for i := range languages {
		l := &languages[i]
		first, second := twoWords(l.spellings[0])
		if lower := strings.ToLower(first); second == "" && l.kind != letter && all[lower] == nil {
			all[lower] = append(all[lower], spelling{language: l, lower: true})
		}
	}
	return all
}

func twoWords(text string) (first, second string) {
	if i := strings.IndexAny(text, " -"); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// words that show what a name means.
var (
	// modifiers may stand before a name: in pure Rust.
	modifiers = wordSet("pure safe unsafe idiomatic modern plain native the async asynchronous standard both either mostly stable raw vanilla no_std nightly portable simple")
	// making is what is done in a language.
	making = wordSet("written implemented developed built coded programmed rewritten reimplemented re-implemented re-written authored created made prototyped engineered ported rewrite rewriting rewrites write writing build building implementing port porting scripted")
	// makings are what is made in a language, before "in".
	makings = wordSet("implementation implementations rewrite reimplementation library libraries sdk sdks client clients server agent agents runtime runtimes proxy daemon cli code codebase service services operator controller controllers plugin plugins tool tools program programs programming application applications app apps module modules component components crate crates engine compiler port bindings framework")
	// usingWords come right before a language that is used.
	usingWords = wordSet("uses use using used chose choose chosen choosing adopt adopts adopted adopting leverage leverages leveraging")
	// inHand is what there is of a language, right after its name.
	inHand = wordSet("implementation implementations rewrite port library libraries sdk sdks client clients binding bindings crate crates api apis agent agents runtime proxy code codebase codebases server service services operator operators controller controllers plugin plugins package packages module modules application applications app apps program programs tool tools toolkit framework component components engine daemon cli core project projects binary binaries backend frontend microservices microservice template templates wrapper interface support workspace")
	// talk is what is said about a language, right after its name.
	talk = wordSet("programming language languages compiler toolchain version versions standard developer developers programmer programmers community ecosystem environment installation setup syntax struct structs trait traits type types function functions macro macros interfaces test tests example examples source routine routines stdlib generics modules installed edition team")
	// ofLetter is both for names of one letter.
	ofLetter = wordSet("library libraries code codebase api apis binding bindings compiler compilers program programs programming language sdk client implementation extension extensions header headers function functions interface abi ffi source")
	// ofMade come after a hyphen: Rust-based.
	ofMade = wordSet("based native written powered implemented coded built")
	// goingOn may follow the name that a clause like "written in" ends with.
	goingOn = wordSet("and or of with for on to as by in that which from at so because but using is are was were will can should may might via through while where when since it this programming language languages only alone itself")
	// notLanguage are words that make something else of a name.
	notLanguage = wordSet("storage object bucket container containers")
)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
