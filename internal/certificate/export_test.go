package certificate

import "context"

// Renew gets a new certificate now.
func (m *Manager) Renew(ctx context.Context, name string) error {
	magic, err := m.config()
	if err != nil {
		return err
	}
	return magic.RenewCertSync(ctx, name, true)
}
