//go:build unix

package auth

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// killGroup makes the end of cmd's context kill cmd and all that it started, which would keep its
// output open otherwise.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
