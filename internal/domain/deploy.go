package domain

import "time"

// DeployReport is what the deployment of a release to a target did.
type DeployReport struct {
	Target   string        `json:"target"` // its name for people
	Host     string        `json:"host"`
	Release  ReleaseID     `json:"release_id"`
	Number   int           `json:"number"`
	Files    int           `json:"files"`
	Bytes    int64         `json:"bytes"`
	Verified int           `json:"verified"` // files that were read back with the hash of the release
	Took     time.Duration `json:"-"`
}
