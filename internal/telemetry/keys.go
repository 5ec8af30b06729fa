package telemetry

// Keys are those that records of logs have, and what they stand for: the same
// key for the same thing, whoever logs. What one needs that is not here, it adds
// here. Lists of settings ("config", "web") have keys of their own: the flags'.
var Keys = map[string]string{
	"survey":     "the id of a survey",
	"project":    "a project, by its name in the landscape",
	"repository": "a repository, by its key: host/owner/name",
	"commit":     "a commit, by its full hash",
	"shard":      "a shard, by its number",
	"event":      "what happened, as notices call it",
	"trace_id":   "the trace that a record belongs to",

	"error":   "what went wrong, for people",
	"stack":   "of a panic: what it said, and where it was",
	"seconds": "how long it took",
	"bytes":   "how large it is",

	"method": "of a request: its HTTP method",
	"path":   "of a request: its path",
	"status": "of a request: what it was answered",
	"code":   "of a call: its code, if it failed",
	"who":    "of a request: who asked, by name",
	"id":     "of a request: what its caller was told to name, and nothing more",
	"at":     "where in the program it was",

	"config":      "what a process was told: of its world",
	"web":         "what a process was told: of its server",
	"queue":       "the task queue of Temporal",
	"worker":      "whether a server has a worker",
	"roles":       "what a worker does",
	"concurrency": "how many censuses at once",
	"memory":      "what they may hold in memory",
	"address":     "where something listens",
	"url":         "where something is asked",

	"component": "which part of the engine speaks",
	"subject":   "of a message of NATS",
	"requests":  "how many requests for rescans",
	"file":      "a file of the data folder, or of keys",
	"version":   "of a database: which version of Temporal made it",
	"now":       "of a database: which version there is now",
	"workflows": "of a database: how many workflows are unfinished",
	"schedules": "of a database: how many schedules it has",
}
