// Package gromav1 has the contracts: what crosses a process or outlives one.
//
// Every message, and what it promises, is described in the .proto files beside
// the code that is generated from them and never edited.
package gromav1

//go:generate sh -c "cd ../.. && go tool -modfile=../tools/buf/go.mod buf format -w && go tool -modfile=../tools/buf/go.mod buf generate"
