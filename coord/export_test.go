package coord

// Keys returns how many keys a locker of [Local] remembers.
func Keys(l Locker) int {
	local := l.(*local)
	local.mu.Lock()
	defer local.mu.Unlock()
	return len(local.keys)
}
