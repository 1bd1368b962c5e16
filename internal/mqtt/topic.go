package mqtt

// ValidTopicName reports whether s can be published to, in any version.
func ValidTopicName[T ~string | ~[]byte](s T) bool {
	return len(s) <= maxText && checkTopicName(s) == nil // [MQTT-4.7.3-3]
}

// ValidTopicFilter reports whether s can be subscribed to in 5.0, shared
// subscriptions included. The decoder is laxer with 3.x, where $share means
// nothing to the standard.
func ValidTopicFilter[T ~string | ~[]byte](s T) bool {
	return len(s) <= maxText && checkTopicFilter(s) == nil && checkShared(s) == nil
}

// SplitShared takes a shared subscription's filter, $share/group/filter,
// apart. For anything else, and for a malformed one, ok is false and filter is
// s. The filter part is not validated beyond not being empty.
func SplitShared[T ~string | ~[]byte](s T) (group, filter T, ok bool) {
	if !hasSharePrefix(s) {
		return group, s, false
	}
	for i := len(sharePrefix); i < len(s); i++ {
		switch s[i] {
		case '+', '#':
			return group, s, false // [MQTT-4.8.2-2]
		case '/':
			if i == len(sharePrefix) || i+1 == len(s) {
				return group, s, false // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
			}
			return s[len(sharePrefix):i], s[i+1:], true
		}
	}
	return group, s, false
}

const sharePrefix = "$share/"

func hasSharePrefix[T text](s T) bool {
	if len(s) < len(sharePrefix) {
		return false
	}
	for i := range len(sharePrefix) {
		if s[i] != sharePrefix[i] {
			return false
		}
	}
	return true
}

func checkTopicName[T text](s T) *Error {
	if len(s) == 0 {
		return ErrTopicName // [MQTT-4.7.3-1]
	}
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := load64(s, i)
		plus, hash := x^('+'*ones), x^('#'*ones)
		if (x|(x-ones)|(plus-ones)|(hash-ones))&highs != 0 {
			break
		}
	}
	for i < len(s) {
		if s[i] == '+' || s[i] == '#' {
			return ErrTopicName // [MQTT-3.3.2-2] [MQTT-4.7.0-1]
		}
		n := runeSize(s, i)
		if n == 0 {
			return ErrUTF8 // [MQTT-3.3.2-1] [MQTT-4.7.3-2]
		}
		i += n
	}
	return nil
}

// checkTopicFilter decides on everything but $share.
func checkTopicFilter[T text](s T) *Error {
	if len(s) == 0 {
		return ErrTopicFilter // [MQTT-4.7.3-1]
	}
	for i := 0; i < len(s); {
		starts := i == 0 || s[i-1] == '/'
		switch s[i] {
		case '#':
			if !starts || i+1 != len(s) {
				return ErrTopicFilter // [MQTT-4.7.1-1]
			}
		case '+':
			if !starts || i+1 != len(s) && s[i+1] != '/' {
				return ErrTopicFilter // [MQTT-4.7.1-2]
			}
		}
		n := runeSize(s, i)
		if n == 0 {
			return ErrUTF8 // [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT-4.7.3-2]
		}
		i += n
	}
	return nil
}

// checkShared decides on filters that claim to be shared subscriptions.
func checkShared[T text](s T) *Error {
	if !hasSharePrefix(s) {
		return nil
	}
	if _, _, ok := SplitShared(s); !ok {
		return ErrSharedFilter
	}
	return nil // the filter part follows a '/', so it was judged with the whole
}
