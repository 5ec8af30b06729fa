package gromav1_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// TestGenerated generates the Go code anew and demands no difference. It
// compiles with the library that buf is built on, so that it needs nothing
// that go test has not fetched.
func TestGenerated(t *testing.T) {
	names, err := filepath.Glob("*.proto")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %d .proto files: %v", len(names), err)
	}
	for i := range names {
		names[i] = "groma/v1/" + names[i]
	}
	for _, file := range append(generate(t, names, "protoc-gen-go"), generate(t, names, "protoc-gen-connect-go")...) {
		name := strings.TrimPrefix(file.GetName(), "groma/v1/")
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, []byte(file.GetContent())) {
			t.Errorf("%s is not what its .proto generates: run go generate ./proto/...", name)
		}
	}
}

func generate(t *testing.T, names []string, plugin string) []*pluginpb.CodeGeneratorResponse_File {
	t.Helper()
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{"../.."}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	request := &pluginpb.CodeGeneratorRequest{FileToGenerate: names, Parameter: proto.String("paths=source_relative")}
	seen := map[string]bool{}
	for _, file := range compiled {
		request.ProtoFile = appendFile(request.ProtoFile, file, seen)
	}
	data, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	generator := exec.Command("go", "tool", plugin)
	generator.Stdin = bytes.NewReader(data)
	generator.Stderr = os.Stderr
	out, err := generator.Output()
	if err != nil {
		t.Fatal(err)
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		t.Fatal(err)
	}
	if response.Error != nil || len(response.File) == 0 {
		t.Fatalf("%s generated %d files of %d: %s", plugin, len(response.File), len(names), response.GetError())
	}
	return response.File
}

// appendFile appends a file after all that it imports, as plugins expect.
func appendFile(files []*descriptorpb.FileDescriptorProto, file protoreflect.FileDescriptor, seen map[string]bool) []*descriptorpb.FileDescriptorProto {
	if seen[file.Path()] {
		return files
	}
	seen[file.Path()] = true
	for i := range file.Imports().Len() {
		files = appendFile(files, file.Imports().Get(i).FileDescriptor, seen)
	}
	return append(files, protoutil.ProtoFromFileDescriptor(file))
}
