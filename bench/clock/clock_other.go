//go:build !(linux && amd64)

package clock

func (c *Clock) hold() error { return ErrUnsupported }
func (c *Clock) set() error  { return ErrUnsupported }
