package server

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"groma/internal/goldentest"
	gromav1 "groma/proto/groma/v1"
)

// TestOpenAPI: it has every call, and every field of every message.
func TestOpenAPI(t *testing.T) {
	var document struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]any
		}
	}
	if err := yaml.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
	seen := map[protoreflect.FullName]bool{}
	var check func(m protoreflect.MessageDescriptor)
	check = func(m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] || m.IsMapEntry() || m.ParentFile().Package() != "groma.v1" {
			return
		}
		seen[m.FullName()] = true
		schema, ok := document.Components.Schemas[string(m.FullName())]
		if !ok {
			t.Errorf("there is no schema of %s", m.FullName())
			return
		}
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			if !hasProperty(schema, field.JSONName()) {
				t.Errorf("%s has no field %s", m.FullName(), field.JSONName())
			}
			if field.Message() != nil && !field.IsMap() {
				check(field.Message())
			}
		}
	}
	methods := service().Methods()
	for i := range methods.Len() {
		method := methods.Get(i)
		path := "/groma.v1.SurveyService/" + string(method.Name())
		if document.Paths[path] == nil {
			t.Errorf("there is no %s", path)
		}
		check(method.Input())
		check(method.Output())
	}
	if t.Failed() {
		t.Log("run GROMA_TEST_OPENAPI=1 go test ./internal/server -run OpenAPI -update")
	}
}

// hasProperty says whether a schema has a property, itself or in a part of it.
func hasProperty(schema any, name string) bool {
	switch schema := schema.(type) {
	case []any:
		return slices.ContainsFunc(schema, func(part any) bool { return hasProperty(part, name) })
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		return properties[name] != nil || hasProperty(schema["allOf"], name) || hasProperty(schema["oneOf"], name) || hasProperty(schema["anyOf"], name)
	}
	return false
}

func service() protoreflect.ServiceDescriptor {
	return gromav1.File_groma_v1_service_proto.Services().ByName("SurveyService")
}

// TestOpenAPI_Generated generates it anew, demands no difference, and has it
// validated. It is skipped unless asked for: its tools take minutes to build.
func TestOpenAPI_Generated(t *testing.T) {
	if os.Getenv("GROMA_TEST_OPENAPI") == "" {
		t.Skip("GROMA_TEST_OPENAPI=1 asks for it; its tools take some minutes to build")
	}
	want := generate(t)
	if goldentest.Updating() {
		if err := os.WriteFile("openapi.yaml", want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(openAPI, want) {
		t.Error("openapi.yaml is not what the contract generates: run with -update")
	}
	validator := exec.Command("go", "run", "./validate", "../../internal/server/openapi.yaml")
	validator.Dir = "../../tools/openapi"
	if out, err := validator.CombinedOutput(); err != nil {
		t.Errorf("openapi.yaml is not valid: %v\n%s", err, out)
	}
}

// generate runs the generator as protoc would.
func generate(t *testing.T) []byte {
	t.Helper()
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{"../../proto"}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(t.Context(), "groma/v1/service.proto")
	if err != nil {
		t.Fatal(err)
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{"groma/v1/service.proto"},
		Parameter:      proto.String("path=openapi.yaml,base=../../tools/openapi/base.yaml,with-streaming,trim-unused-types,short-service-tags,short-operation-ids,features=connectrpc"),
	}
	request.ProtoFile = withImports(nil, compiled[0])
	data, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	generator := exec.Command("go", "tool", "-modfile=../../tools/openapi/go.mod", "protoc-gen-connect-openapi")
	generator.Stdin, generator.Stderr = bytes.NewReader(data), os.Stderr
	out, err := generator.Output()
	if err != nil {
		t.Fatal(err)
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil || len(response.File) != 1 {
		t.Fatalf("%d files, %s, %v", len(response.File), response.GetError(), err)
	}
	return []byte(response.File[0].GetContent())
}

// withImports appends a file after all that it imports, each once.
func withImports(files []*descriptorpb.FileDescriptorProto, file protoreflect.FileDescriptor) []*descriptorpb.FileDescriptorProto {
	if slices.ContainsFunc(files, func(f *descriptorpb.FileDescriptorProto) bool { return f.GetName() == file.Path() }) {
		return files
	}
	for i := range file.Imports().Len() {
		files = withImports(files, file.Imports().Get(i).FileDescriptor)
	}
	return append(files, protoutil.ProtoFromFileDescriptor(file))
}
