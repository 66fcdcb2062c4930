// A certification mark on its holder's own website: a link with a picture, made by the registry. It sets nothing, keeps
// nothing and tells nobody who looks. Elsewhere than on the holder's domains it says so.
//   <script src="https://REGISTRY/embed.js" data-mark="7K3Q9XM24HTT" data-lang="nl" data-form="card" async></script>
(function () {
	'use strict';
	var script = document.currentScript;
	if (!script || !script.dataset.mark) return;
	var data = script.dataset;
	var origin = new URL(script.src).origin;
	var english = data.lang === 'en';
	var path = origin + '/m/' + encodeURIComponent(data.mark);
	var link = document.createElement('a');
	link.href = path + (english ? '?lang=en' : '?lang=nl');
	link.rel = 'noopener';
	script.parentNode.insertBefore(link, script);

	function say(dutch, other) {
		link.textContent = english ? other : dutch;
	}

	function show(mark) {
		var host = location.hostname.replace(/\.$/, '').replace(/^www\./, '');
		var own = mark.provider.domains.some(function (domain) {
			return domain.name.replace(/^www\./, '') === host;
		});
		if (!own) {
			say('Let op: dit keurmerk hoort niet bij deze website', 'Beware: this mark does not belong to this website');
			return;
		}
		var picture = document.createElement('img');
		picture.alt = (english ? 'Certification mark of ' : 'Keurmerk van ') + mark.provider.name;
		picture.referrerPolicy = 'no-referrer';
		picture.src = path + '.svg?form=' + encodeURIComponent(data.form || 'card') +
			'&theme=' + encodeURIComponent(data.theme || 'light') + '&lang=' + (english ? 'en' : 'nl');
		link.textContent = '';
		link.appendChild(picture);
	}

	say('Controleer ons keurmerk', 'Check our certification mark');
	fetch(path + '.json', { credentials: 'omit', referrerPolicy: 'no-referrer' })
		.then(function (reply) { return reply.json(); })
		.then(show)
		.catch(function () { /* the link stays: it says nothing about the mark */ });
})();
