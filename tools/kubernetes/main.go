// Kubernetes reads manifests as Kubernetes itself does, strictly: by the types
// of its API at the version of this module, where an unknown field, one that is
// there twice, or a value of another type is a mistake. Beyond the types it
// checks what they do not say: that selectors find the pods beside them, that
// names have the form of names, and that pods keep to the restricted standard.
//
//	helm template … | go run .
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// kinds are what a manifest may be.
var kinds = map[string]func() meta.Object{
	"apps/v1 Deployment":                 func() meta.Object { return &apps.Deployment{} },
	"v1 Service":                         func() meta.Object { return &core.Service{} },
	"v1 ServiceAccount":                  func() meta.Object { return &core.ServiceAccount{} },
	"networking.k8s.io/v1 Ingress":       func() meta.Object { return &networking.Ingress{} },
	"networking.k8s.io/v1 NetworkPolicy": func() meta.Object { return &networking.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":      func() meta.Object { return &policy.PodDisruptionBudget{} },
	"keda.sh/v1alpha1 ScaledObject":      func() meta.Object { return &scaledObject{} },
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = check(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func check(text []byte) error {
	var objects []meta.Object
	var errs []error
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		object, err := decode(document)
		if err != nil {
			errs = append(errs, err)
		} else if object != nil {
			objects = append(objects, object)
			fmt.Printf("%T %s\n", object, object.GetName())
		}
	}
	if len(objects) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("there is no manifest"))
	}
	return errors.Join(append(errs, together(objects))...)
}

// decode reads one document; nil is one with nothing but comments.
func decode(document []byte) (meta.Object, error) {
	var header meta.TypeMeta
	if err := yaml.Unmarshal(document, &header); err != nil {
		return nil, err
	}
	if header.Kind == "" && header.APIVersion == "" {
		return nil, nil
	}
	kind, ok := kinds[header.APIVersion+" "+header.Kind]
	if !ok {
		return nil, fmt.Errorf("%s %s is no kind that is known here", header.APIVersion, header.Kind)
	}
	object := kind()
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		return nil, fmt.Errorf("%s: %w", header.Kind, err)
	}
	return object, named(header.Kind, object)
}

func named(kind string, object meta.Object) error {
	var errs []error
	for _, wrong := range validation.IsDNS1123Subdomain(object.GetName()) {
		errs = append(errs, fmt.Errorf("%s %q: %s", kind, object.GetName(), wrong))
	}
	for key, value := range object.GetLabels() {
		for _, wrong := range append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...) {
			errs = append(errs, fmt.Errorf("%s %s: label %s=%s: %s", kind, object.GetName(), key, value, wrong))
		}
	}
	return errors.Join(errs...)
}

// A scaledObject is KEDA's, as far as ours has fields.
type scaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata,omitempty"`
	Spec            struct {
		ScaleTargetRef  struct{ Name string }
		MinReplicaCount int32
		MaxReplicaCount int32
		PollingInterval int32
		CooldownPeriod  int32
		Triggers        []struct {
			Type              string
			Metadata          map[string]string
			AuthenticationRef *struct{ Name string }
		}
	} `json:"spec"`
}

// temporalTrigger are the settings of KEDA's trigger "temporal".
var temporalTrigger = map[string]bool{
	"endpoint": true, "namespace": true, "taskQueue": true, "queueTypes": true, "targetQueueSize": true,
	"activationTargetQueueSize": true, "tlsServerName": true, "minConnectTimeout": true, "unsafeSsl": true,
}
