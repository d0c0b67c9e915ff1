package edge

import "strings"

// keyFileLength is that of /KEY.txt with a key of 32 digits.
const keyFileLength = 1 + 32 + 4

// isKeyFile reports whether a path is that of the key file of a host. Most paths are
// told apart by their length alone.
func (s *Server) isKeyFile(path, host string) bool {
	return len(path) == keyFileLength && s.cfg.KeyFile != nil && strings.HasSuffix(path, ".txt") && path[1:33] == s.cfg.KeyFile(host)
}
