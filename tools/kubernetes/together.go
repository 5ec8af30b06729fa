package main

import (
	"errors"
	"fmt"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// together checks what manifests say of one another.
func together(objects []meta.Object) error {
	var errs []error
	pods := map[string]core.PodTemplateSpec{}
	for _, object := range objects {
		if deployment, ok := object.(*apps.Deployment); ok {
			pods[deployment.Name] = deployment.Spec.Template
			errs = append(errs, restricted(deployment))
		}
	}
	for _, object := range objects {
		if selector, ok := selects(object); ok && !finds(selector, pods) {
			errs = append(errs, fmt.Errorf("%T %s: its selector finds no pod", object, object.GetName()))
		}
		if scaled, ok := object.(*scaledObject); ok {
			errs = append(errs, scales(scaled, pods))
		}
	}
	return errors.Join(errs...)
}

// selects says which pods an object is for.
func selects(object meta.Object) (meta.LabelSelector, bool) {
	switch o := object.(type) {
	case *apps.Deployment:
		return *o.Spec.Selector, true
	case *core.Service:
		return meta.LabelSelector{MatchLabels: o.Spec.Selector}, true
	case *policy.PodDisruptionBudget:
		return *o.Spec.Selector, true
	case *networking.NetworkPolicy:
		return o.Spec.PodSelector, true
	}
	return meta.LabelSelector{}, false
}

// finds says whether exactly one deployment's pods are selected.
func finds(selector meta.LabelSelector, pods map[string]core.PodTemplateSpec) bool {
	compiled, err := meta.LabelSelectorAsSelector(&selector)
	if err != nil {
		return false
	}
	found := 0
	for _, pod := range pods {
		if compiled.Matches(labels.Set(pod.Labels)) {
			found++
		}
	}
	return found == 1
}

func scales(scaled *scaledObject, pods map[string]core.PodTemplateSpec) error {
	var errs []error
	if _, ok := pods[scaled.Spec.ScaleTargetRef.Name]; !ok {
		errs = append(errs, fmt.Errorf("ScaledObject %s: there is no deployment %s", scaled.Name, scaled.Spec.ScaleTargetRef.Name))
	}
	for _, trigger := range scaled.Spec.Triggers {
		for setting := range trigger.Metadata {
			if trigger.Type != "temporal" || !temporalTrigger[setting] {
				errs = append(errs, fmt.Errorf("ScaledObject %s: trigger %s has no setting %s", scaled.Name, trigger.Type, setting))
			}
		}
	}
	return errors.Join(errs...)
}

// restricted checks a pod against the restricted pod security standard, and
// that each of its mounts is of a volume, each volume mounted.
func restricted(deployment *apps.Deployment) error {
	var errs []error
	wrong := func(format string, values ...any) {
		errs = append(errs, fmt.Errorf("Deployment %s: "+format, append([]any{deployment.Name}, values...)...))
	}
	pod := deployment.Spec.Template.Spec
	if c := pod.SecurityContext; c == nil || c.RunAsNonRoot == nil || !*c.RunAsNonRoot || c.SeccompProfile == nil || c.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		wrong("may run as root, or without seccomp")
	}
	volumes := map[string]bool{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = false
	}
	for _, container := range pod.Containers {
		if c := container.SecurityContext; c == nil || c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation ||
			c.ReadOnlyRootFilesystem == nil || !*c.ReadOnlyRootFilesystem || c.Capabilities == nil || len(c.Capabilities.Drop) != 1 || c.Capabilities.Drop[0] != "ALL" {
			wrong("container %s is not restricted", container.Name)
		}
		if container.ReadinessProbe == nil || container.LivenessProbe == nil || container.Resources.Limits.Memory().IsZero() {
			wrong("container %s has no probes or no limit of memory", container.Name)
		}
		if tag := container.Image[strings.LastIndexAny(container.Image, ":@")+1:]; tag == "" || tag == "latest" {
			wrong("image %s is not pinned", container.Image)
		}
		for _, mount := range container.VolumeMounts {
			if _, ok := volumes[mount.Name]; !ok {
				wrong("mount %s is of no volume", mount.Name)
			}
			volumes[mount.Name] = true
		}
	}
	for name, mounted := range volumes {
		if !mounted {
			wrong("volume %s is not mounted", name)
		}
	}
	return errors.Join(errs...)
}
