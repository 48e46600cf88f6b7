"""Second looks at a course: do its objects, structures and numbers agree with each other and with the body?"""
