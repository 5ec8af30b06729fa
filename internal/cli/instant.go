package cli

import (
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// An instant is a flag: a date, which means its beginning in UTC, or a time.
type instant struct{ time.Time }

const asOfUsage = "count the last commits before this day (2026-01-31, which begins at 00:00 UTC) or time (2026-01-31T12:00:00Z)"

func (i *instant) Set(text string) (err error) {
	if i.Time, err = time.Parse(time.DateOnly, text); err == nil {
		return nil
	}
	if i.Time, err = time.Parse(time.RFC3339, text); err != nil {
		return errors.New("want a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z")
	}
	i.Time = i.UTC()
	return nil
}

func (i *instant) String() string {
	if i.IsZero() {
		return ""
	}
	return i.Format(time.RFC3339)
}

func (*instant) Type() string { return "date" }

// proto is the instant as contracts have it; nil if it was not given.
func (i *instant) proto() *timestamppb.Timestamp {
	if i.IsZero() {
		return nil
	}
	return timestamppb.New(i.Time)
}
