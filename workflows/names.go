package workflows

import "fmt"

// ID is the workflow id of a survey, from the fingerprint of its spec.
func ID(fingerprint string) string { return "survey-" + fingerprint }

// ShardID is the workflow id of a survey's shard.
func ShardID(surveyWorkflow string, shard int64) string {
	return fmt.Sprintf("%s/shard-%d", surveyWorkflow, shard)
}

// RescanID is the workflow id of a repository's rescan, from its key: however
// many ask for it, one runs at a time.
func RescanID(repository string) string { return "rescan-" + repository }

// LaterID is the workflow id of what rescans a repository again that could not be
// counted, from its key.
func LaterID(repository string) string { return "later-" + repository }

// EditionID is the workflow id of what makes a survey's editions, from the
// survey's id: one is made at a time.
func EditionID(survey string) string { return "edition-" + survey }

// ScheduleID is the id of a schedule, from its name.
func ScheduleID(name string) string { return "schedule-" + name }

// ClusterQueue is the task queue that all processes of a cluster share, unless
// they are told of another.
const ClusterQueue = "groma"

// TaskQueue is where the workers of a survey look for its workflows and
// activities where everything is embedded. Each survey has its own, since such a
// worker's mirrors and credentials are for one survey: another's repositories it
// might ask at the wrong place.
func TaskQueue(fingerprint string) string { return "groma-" + fingerprint }

// MemoSurvey is the key of a survey workflow's memo that has the survey's id.
const MemoSurvey = "survey"

// ProgressQuery asks a survey or a shard for its [gromav1.Progress].
const ProgressQuery = "progress"

// PauseUpdate and ResumeUpdate ask a survey to begin no further repository, and
// to go on. They take no argument and answer nothing; once the survey is over
// they are rejected.
const (
	PauseUpdate  = "pause"
	ResumeUpdate = "resume"
)

// Census is the type of the activity that takes one repository's census.
const Census = "TakeCensus"

// PushSignal tells a rescan, with a [gromav1.RescanRequested], that the
// repository may have changed again.
const PushSignal = "push"

// TakenSignal hands a [gromav1.Taken] to what makes a survey's editions.
const TakenSignal = "taken"

// What passes between a survey and its shards.
const (
	spentSignal  = "spent"  // from a shard: see [share]
	windowSignal = "window" // to a shard: how many censuses it may have in flight
	pausedSignal = "paused" // to a shard: whether it is
)

// SearchLandscape and SearchState are the search attributes of surveys, both
// keywords: the landscape's name, and the state as its progress has it.
const (
	SearchLandscape = "GromaLandscape"
	SearchState     = "GromaState"
)
